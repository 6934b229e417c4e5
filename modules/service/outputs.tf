output "urls" {
  description = "Addresses of the service from outside, one for each route."
  value = [for route in local.routes :
    "https://${route.host}${var.ingress.https_port == 443 ? "" : ":${var.ingress.https_port}"}${route.path}"
  ]
}

output "namespace" {
  description = "Namespace of the service."
  value       = var.namespace
}

output "replicas" {
  description = "Number of pods that the service has at least."
  value       = local.autoscaling == null ? local.replicas : max(local.autoscaling.min, var.minimum_replicas)
}

output "version" {
  description = "Version that runs."
  value       = var.release.version
}

output "image" {
  description = "Image that runs, with its digest."
  value       = var.release.image
}

output "workloads" {
  description = "What must become ready before the service answers: kind, namespace, name and part."
  value = [{
    kind      = "Deployment"
    namespace = var.namespace
    name      = kubernetes_deployment_v1.this.metadata[0].name
    part      = local.name
  }]
}
