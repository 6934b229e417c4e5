locals {
  port = 5432

  labels = merge(var.labels, {
    "app.kubernetes.io/name"       = var.name
    "app.kubernetes.io/managed-by" = "kindling"
  })
  selector       = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "server" }
  setup_selector = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "setup" }

  superuser_secret = "${var.name}-superuser"
  client_secrets   = { for client in var.clients : client => "${client}-${var.name}" }

  setup_script = file("${path.module}/files/create-database.sh")
}

module "secrets" {
  source = "../secrets"

  namespace = var.namespace
  labels    = local.labels
  secrets = merge(
    { (local.superuser_secret) = { key = "password" } },
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
