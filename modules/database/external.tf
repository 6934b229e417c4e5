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

  lifecycle {
    precondition {
      condition     = var.admin_password != null
      error_message = "the password of ${var.external.admin_user} on ${var.external.host} is not given; pass admin_password"
    }
  }
}

# The authorities that may sign its certificate: they are public.
resource "kubernetes_config_map_v1" "ca" {
  count = local.ca_certificates == null ? 0 : 1

  metadata {
    # Services have no dots in their names: the ConfigMap of none is this one.
    name      = "${var.name}.ca"
    namespace = var.namespace
    labels    = local.labels
  }

  data = { "ca.crt" = local.ca_certificates }
}
