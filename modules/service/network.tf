resource "kubernetes_ingress_v1" "this" {
  count = length(local.routes) == 0 ? 0 : 1

  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    ingress_class_name = var.ingress.class

    # No secret is named: the controller's default certificate answers.
    tls {
      hosts = local.hosts
    }

    dynamic "rule" {
      for_each = local.hosts
      content {
        host = rule.value
        http {
          dynamic "path" {
            for_each = [for route in local.routes : route.path if route.host == rule.value]
            content {
              path      = path.value
              path_type = "Prefix"
              backend {
                service {
                  name = kubernetes_service_v1.this.metadata[0].name
                  port {
                    name = "http"
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  wait_for_load_balancer = false
}

# The namespace refuses everything; this opens what service.yaml declares.
resource "kubernetes_network_policy_v1" "this" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    pod_selector {
      match_labels = local.selector
    }
    policy_types = ["Ingress", "Egress"]

    dynamic "ingress" {
      for_each = length(local.routes) + length(var.callers) == 0 ? [] : [var.service.port]
      content {
        ports {
          port     = ingress.value
          protocol = "TCP"
        }

        dynamic "from" {
          for_each = length(local.routes) == 0 ? [] : [var.ingress]
          content {
            namespace_selector {
              match_labels = { "kubernetes.io/metadata.name" = from.value.namespace }
            }
            pod_selector {
              match_labels = from.value.selector
            }
          }
        }

        dynamic "from" {
          for_each = var.callers
          content {
            pod_selector {
              match_labels = { "app.kubernetes.io/name" = from.value }
            }
          }
        }
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

    dynamic "egress" {
      for_each = { for callee in var.service.calls : callee => var.callees[callee] if contains(keys(var.callees), callee) }
      content {
        to {
          pod_selector {
            match_labels = { "app.kubernetes.io/name" = egress.key }
          }
        }
        ports {
          port     = egress.value
          protocol = "TCP"
        }
      }
    }

    dynamic "egress" {
      for_each = var.database == null ? [] : [var.database]
      content {
        dynamic "to" {
          for_each = egress.value.selector == null ? [] : [egress.value.selector]
          content {
            pod_selector {
              match_labels = to.value
            }
          }
        }
        dynamic "to" {
          for_each = egress.value.cidrs
          content {
            ip_block {
              cidr = to.value
            }
          }
        }
        ports {
          port     = egress.value.port
          protocol = "TCP"
        }
      }
    }

    dynamic "egress" {
      for_each = var.messaging == null ? [] : [var.messaging]
      content {
        to {
          pod_selector {
            match_labels = egress.value.selector
          }
        }
        ports {
          port     = egress.value.port
          protocol = "TCP"
        }
      }
    }
  }
}
