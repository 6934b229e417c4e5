output "class" {
  description = "Name of the IngressClass."
  value       = kubernetes_ingress_class_v1.this.metadata[0].name
}

output "namespace" {
  description = "Namespace of the controller's pods."
  value       = kubernetes_namespace_v1.this.metadata[0].name
}

output "selector" {
  description = "Labels of the controller's pods, for network policies that let them in."
  value       = local.selector
}

output "admission_policy" {
  description = "Name of the ValidatingAdmissionPolicy that the cluster has to bind."
  value       = kubernetes_validating_admission_policy_v1.this.metadata.name
}

output "workloads" {
  description = "What must become ready before requests are answered: kind, namespace, name and part."
  value = [{
    kind      = "Deployment"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    name      = kubernetes_deployment_v1.this.metadata[0].name
    part      = local.name
  }]
}

output "settings" {
  description = "What the controller is told: whether HTTP is redirected and HTTPS remembered, how often a second it follows changes of the cluster, and from which addresses its load balancer is reached (none means any)."
  value = {
    redirect      = kubernetes_config_map_v1.this.data["ssl-redirect"] == "true"
    hsts          = kubernetes_config_map_v1.this.data["hsts"] == "true"
    sync_rate     = one([for argument in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args : tonumber(trimprefix(argument, "--sync-rate-limit=")) if startswith(argument, "--sync-rate-limit=")])
    source_ranges = kubernetes_service_v1.controller.spec[0].load_balancer_source_ranges
  }
}
