locals {
  labels = merge(var.labels, {
    "app.kubernetes.io/name"       = var.name
    "app.kubernetes.io/managed-by" = "kindling"
  })
  selector       = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "server" }
  setup_selector = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "setup" }

  superuser_secret = "${var.name}-superuser"
  client_secrets   = { for client in var.clients : client => "${client}-${var.name}" }

  # What the Jobs run.
  scripts = { for script in ["create", "drop"] : script => join("\n", [
    file("${path.module}/files/await-server.sh"),
    file("${path.module}/files/${script}-database.sh"),
  ]) }

  # The server: the one that runs here, or one outside of the cluster.
  inside = var.external == null
  host   = local.inside ? var.name : var.external.host
  port   = local.inside ? 5432 : var.external.port
  user   = local.inside ? "postgres" : var.external.admin_user
  # Outside, nothing travels without TLS, and the server is verified when its
  # authorities are known: by its name, or, where it has only an address, as one
  # that they signed. Inside there is no TLS.
  ca_certificates = local.inside ? null : var.external.ca_certificates
  ssl_mode        = local.inside ? null : local.ca_certificates == null ? "require" : local.by_address ? "verify-ca" : "verify-full"
  by_address      = can(cidrhost("${local.host}/32", 0))
  cidrs           = local.inside ? [] : coalesce(var.external.cidrs, [local.by_address ? "${local.host}/32" : "0.0.0.0/0"])

  superuser_fingerprint = local.inside ? module.secrets.secrets[local.superuser_secret].fingerprint : "${kubernetes_secret_v1.admin[0].metadata[0].uid}.${local.admin_revision}"
}

module "secrets" {
  source = "../secrets"

  namespace = var.namespace
  labels    = local.labels
  secrets = merge(
    local.inside ? { (local.superuser_secret) = { key = "password" } } : {},
    { for secret in values(local.client_secrets) : secret => { key = "password" } },
  )
}

resource "kubernetes_service_account_v1" "this" {
  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  automount_service_account_token = false
}

resource "kubernetes_service_v1" "this" {
  count = local.inside ? 1 : 0

  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    selector = local.selector

    port {
      name        = "postgresql"
      port        = local.port
      target_port = "postgresql"
    }
  }
}
