output "workloads" {
  description = "What must run before metrics are served: kind, namespace, name and part. Its start is awaited, not its readiness: that takes two rounds of metrics, and no service needs them to begin."
  value = [{
    kind      = "Deployment"
    namespace = local.namespace
    name      = kubernetes_deployment_v1.this.metadata[0].name
    part      = local.name
    await     = "started"
  }]
}
