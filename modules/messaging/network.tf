# The servers hear their clients, the Job that sets the stream up, and each other.
resource "kubernetes_network_policy_v1" "server" {
  metadata {
    name      = "${var.name}.server"
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
        port     = local.client_port
        protocol = "TCP"
      }
    }

    dynamic "ingress" {
      for_each = local.several ? [local.route_port] : []
      content {
        from {
          pod_selector {
            match_labels = local.selector
          }
        }
        ports {
          port     = ingress.value
          protocol = "TCP"
        }
      }
    }

    dynamic "egress" {
      for_each = local.several ? [local.route_port] : []
      content {
        to {
          pod_selector {
            match_labels = local.selector
          }
        }
        ports {
          port     = egress.value
          protocol = "TCP"
        }
      }
    }

    dynamic "egress" {
      for_each = local.several ? [53] : []
      content {
        to {
          namespace_selector {
            match_labels = { "kubernetes.io/metadata.name" = "kube-system" }
          }
          pod_selector {
            match_labels = { "k8s-app" = "kube-dns" }
          }
        }
        ports {
          port     = egress.value
          protocol = "UDP"
        }
        ports {
          port     = egress.value
          protocol = "TCP"
        }
      }
    }
  }
}

resource "kubernetes_network_policy_v1" "setup" {
  metadata {
    name      = "${var.name}.setup"
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    pod_selector {
      match_labels = local.setup_selector
    }
    policy_types = ["Ingress", "Egress"]

    egress {
      to {
        pod_selector {
          match_labels = local.selector
        }
      }
      ports {
        port     = local.client_port
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
