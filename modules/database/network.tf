# The server hears its clients and the Jobs that set them up, and says nothing
# by itself.
resource "kubernetes_network_policy_v1" "server" {
  count = local.inside ? 1 : 0

  metadata {
    name      = "${var.name}-server"
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    pod_selector {
      match_labels = local.selector
    }
    policy_types = ["Ingress", "Egress"]

    ingress {
      from {
        pod_selector {
          match_labels = local.setup_selector
        }
      }

      dynamic "from" {
        for_each = var.clients
        content {
          pod_selector {
            match_labels = { "app.kubernetes.io/name" = from.value }
          }
        }
      }

      ports {
        port     = local.port
        protocol = "TCP"
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "setup" {
  metadata {
    name      = "${var.name}-setup"
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    pod_selector {
      match_labels = local.setup_selector
    }
    policy_types = ["Ingress", "Egress"]

    egress {
      dynamic "to" {
        for_each = local.inside ? [local.selector] : []
        content {
          pod_selector {
            match_labels = to.value
          }
        }
      }
      dynamic "to" {
        for_each = local.cidrs
        content {
          ip_block {
            cidr = to.value
          }
        }
      }
      ports {
        port     = local.port
        protocol = "TCP"
      }
    }

    egress {
      to {
        namespace_selector {
          match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
        }
        pod_selector {
          match_labels = { "k8s-app" = "kube-dns" }
        }
      }
      ports {
        port     = 53
        protocol = "UDP"
      }
      ports {
        port     = 53
        protocol = "TCP"
      }
    }
  }
}
