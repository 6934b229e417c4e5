# A value exists only while Terraform runs: it goes into a write-only argument and
# is in no state and no plan. Every run draws new random ones, but a value is sent
# only when its revision changes or the Secret is made.
ephemeral "random_password" "this" {
  for_each = local.random

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

  type = "Opaque"
  data_wo = {
    (each.value.key) = contains(keys(local.random), each.key) ? ephemeral.random_password.this[each.key].result : lookup(var.values, each.key, "")
  }
  data_wo_revision = local.revisions[each.key]

  lifecycle {
    precondition {
      condition     = contains(keys(local.random), each.key) || lookup(var.values, each.key, "") != ""
      error_message = "Secret ${each.key} has a revision in revisions and no value in values; pass both"
    }
  }
}

locals {
  labels = merge(var.labels, { "app.kubernetes.io/managed-by" = "kindling" })
  random = { for name, secret in var.secrets : name => secret if !contains(keys(var.revisions), name) }

  revisions = merge(
    # A random value of another length is another value, so the length is the revision.
    { for name, secret in local.random : name => secret.length },
    # 48 bits of the revision's hash, above any length: another revision is another number.
    { for name, revision in var.revisions : name => parseint(substr(sha256(revision), 0, 12), 16) + 257 },
  )
}
