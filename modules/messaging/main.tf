locals {
  labels = merge(var.labels, {
    "app.kubernetes.io/name"       = var.name
    "app.kubernetes.io/managed-by" = "kindling"
  })
  selector       = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "server" }
  setup_selector = { "app.kubernetes.io/name" = var.name, "app.kubernetes.io/component" = "setup" }

  setup_secret   = "${var.name}-setup"
  client_secrets = { for client in var.clients : client => "${client}-${var.name}" }

  client_port = 4222
  route_port  = 6222
  check_port  = 8222

  stream = "EVENTS"
  prefix = "events"

  several = var.servers > 1
  url     = "nats://${var.name}.${var.namespace}.svc:${local.client_port}"

  units = { Mi = 1048576, Gi = 1073741824, Ti = 1099511627776 }
  # Of the volume, a tenth is left for what the servers write beside the events.
  volume_bytes = tonumber(substr(var.storage.size, 0, length(var.storage.size) - 2)) * local.units[substr(var.storage.size, -2, 2)]
  store_bytes  = floor(local.volume_bytes * 0.9)
  # Space that is given up lies in the files for a while: events have two thirds of the volume.
  stream_bytes = coalesce(var.stream.max_bytes, floor(local.volume_bytes * 2 / 3))
}

module "secrets" {
  source = "../secrets"

  namespace = var.namespace
  labels    = local.labels
  secrets   = { for secret in concat([local.setup_secret], values(local.client_secrets)) : secret => { key = "password" } }
}

resource "kubernetes_service_account_v1" "this" {
  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  automount_service_account_token = false
}

# Where clients connect: any server will do.
resource "kubernetes_service_v1" "this" {
  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    selector = local.selector

    port {
      name        = "client"
      port        = local.client_port
      target_port = "client"
    }
  }
}

# Where the servers find each other, before they are ready.
resource "kubernetes_service_v1" "servers" {
  metadata {
    name      = "${var.name}-servers"
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    selector                    = local.selector
    cluster_ip                  = "None"
    publish_not_ready_addresses = true

    port {
      name        = "route"
      port        = local.route_port
      target_port = "route"
    }
  }
}
