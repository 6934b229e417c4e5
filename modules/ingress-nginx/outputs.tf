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
