output "name" {
  description = "Name of the namespace, known once it and its default deny exist."
  value       = kubernetes_namespace_v1.this.metadata[0].name

  depends_on = [kubernetes_network_policy_v1.default_deny]
}
