output "workloads" {
  description = "What must become ready before metrics are served: kind, namespace, name and part."
  value = [{
    kind      = "Deployment"
    namespace = local.namespace
    name      = kubernetes_deployment_v1.this.metadata[0].name
    part      = local.name
  }]
}
