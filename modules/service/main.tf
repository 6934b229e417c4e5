locals {
  name     = var.service.name
  selector = { "app.kubernetes.io/name" = local.name }
  labels = merge(var.labels, local.selector, {
    "app.kubernetes.io/managed-by" = "kindling"
  })
  # A label takes fewer characters than a version.
  versioned_labels = merge(local.labels, {
    "app.kubernetes.io/version" = trim(substr(replace(var.release.version, "/[^-_.A-Za-z0-9]/", "_"), 0, 63), "-_.")
  })

  # What the environment sets wins over what the service asks for.
  replicas    = max(coalesce(var.overrides.replicas, var.service.replicas), var.minimum_replicas)
  autoscaling = var.overrides.autoscaling == null ? var.service.autoscaling : var.overrides.autoscaling
  resources = {
    requests = merge(local.requested.requests, { for unit, amount in var.overrides.resources.requests : unit => amount if amount != null })
    limits   = merge(local.requested.limits, { for unit, amount in var.overrides.resources.limits : unit => amount if amount != null })
  }
  requested = {
    requests = { for unit, amount in var.service.resources.requests : unit => amount if amount != null }
    limits   = { for unit, amount in var.service.resources.limits : unit => amount if amount != null }
  }
  # One host for all may make two of them the same.
  routes = distinct([for route in var.service.routes : {
    host = coalesce(var.overrides.host, route.host)
    path = route.path
  }])
  hosts = distinct(local.routes[*].host)
}

module "secrets" {
  source = "../secrets"

  namespace = var.namespace
  labels    = local.labels
  secrets   = { for secret in var.service.secrets : "${local.name}-${secret.name}" => { length = secret.length } }
  revisions = { for name, revision in var.secret_revisions : "${local.name}-${name}" => revision }
  values    = { for name, value in var.secret_values : "${local.name}-${name}" => value }
}

resource "kubernetes_service_account_v1" "this" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  automount_service_account_token = false
}

resource "kubernetes_config_map_v1" "this" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  data = var.service.config
}

resource "kubernetes_service_v1" "this" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    selector = local.selector

    port {
      name         = "http"
      port         = 80
      target_port  = "http"
      app_protocol = "http"
    }
  }
}
