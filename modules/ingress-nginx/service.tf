locals {
  service = "controller"
}

resource "kubernetes_service_v1" "controller" {
  metadata {
    name        = local.service
    namespace   = kubernetes_namespace_v1.this.metadata[0].name
    labels      = local.labels
    annotations = local.balanced ? var.load_balancer.annotations : {}
  }

  spec {
    type     = local.balanced ? "LoadBalancer" : "NodePort"
    selector = local.selector
    # Straight to a node that has a pod: the client's address stays, and nodes
    # without a pod are not asked.
    external_traffic_policy     = "Local"
    load_balancer_source_ranges = local.balanced ? var.load_balancer.source_ranges : []

    port {
      name        = "http"
      port        = local.balanced ? var.load_balancer.http_port : 80
      target_port = "http"
      node_port   = local.balanced ? null : var.node_ports.http
    }
    port {
      name        = "https"
      port        = local.balanced ? var.load_balancer.https_port : 443
      target_port = "https"
      node_port   = local.balanced ? null : var.node_ports.https
    }
  }

  # It takes minutes, in which all else can be made.
  wait_for_load_balancer = false

  lifecycle {
    # Google's controller writes it.
    ignore_changes = [metadata[0].annotations["cloud.google.com/neg"]]
  }
}

moved {
  from = kubernetes_service_v1.load_balancer[0]
  to   = kubernetes_service_v1.controller
}
