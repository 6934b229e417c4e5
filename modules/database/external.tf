locals {
  # 28 bits of the revision's hash, above 0: another revision is another number.
  admin_revision = local.inside ? 0 : parseint(substr(sha256(var.external.admin_password_revision), 0, 7), 16) + 1
}

# The administrator's password of a server outside of the cluster, for the Jobs
# that set the clients up. It passes through and is in no state and no plan.
resource "kubernetes_secret_v1" "admin" {
  count = local.inside ? 0 : 1

  metadata {
    name      = local.superuser_secret
    namespace = var.namespace
    labels    = local.labels
  }

  type             = "Opaque"
  data_wo          = { password = var.admin_password }
  data_wo_revision = local.admin_revision
}
