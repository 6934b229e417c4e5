# The value exists only while Terraform runs: it goes from the ephemeral
# resource into a write-only argument and is in no state and no plan. Every
# run draws a new one, but it is sent only when the revision changes or the
# Secret is made.
ephemeral "random_password" "this" {
  for_each = var.secrets

  length  = each.value.length
  special = each.value.special
}

resource "kubernetes_secret_v1" "this" {
  for_each = var.secrets

  metadata {
    name      = each.key
    namespace = var.namespace
    labels    = local.labels
  }

  type    = "Opaque"
  data_wo = { (each.value.key) = ephemeral.random_password.this[each.key].result }
  # A value of another length is another value, so the length is the revision.
  data_wo_revision = each.value.length
}

locals {
  labels = merge(var.labels, { "app.kubernetes.io/managed-by" = "kindling" })
}
