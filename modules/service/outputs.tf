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

output "autoscaling" {
  description = "Least and greatest number of pods, and the share of the requested cpu that an autoscaler aims at; null without one."
  value = one([for autoscaler in kubernetes_horizontal_pod_autoscaler_v2.this : {
    min         = autoscaler.spec[0].min_replicas
    max         = autoscaler.spec[0].max_replicas
    cpu_percent = autoscaler.spec[0].metric[0].resource[0].target[0].average_utilization
  }])
}

output "resources" {
  description = "What a pod asks for (requests), and what it gets at most (limits), by unit."
  value = {
    requests = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].requests
    limits   = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].limits
  }
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
