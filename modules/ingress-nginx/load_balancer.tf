locals {
  service = "controller"
}

resource "kubernetes_service_v1" "load_balancer" {
  count = local.balanced ? 1 : 0

  metadata {
    name        = local.service
    namespace   = kubernetes_namespace_v1.this.metadata[0].name
    labels      = local.labels
    annotations = var.load_balancer.annotations
  }

  spec {
    type     = "LoadBalancer"
    selector = local.selector
    # Straight to a node that has a pod: the client's address stays, and nodes
    # without a pod are not asked.
    external_traffic_policy     = "Local"
    load_balancer_source_ranges = var.load_balancer.source_ranges

    port {
      name        = "http"
      port        = var.load_balancer.http_port
      target_port = "http"
    }
    port {
      name        = "https"
      port        = var.load_balancer.https_port
      target_port = "https"
    }
  }

  # It takes minutes, in which all else can be made.
  wait_for_load_balancer = false

  lifecycle {
    # Google's controller writes it.
    ignore_changes = [metadata[0].annotations["cloud.google.com/neg"]]
  }
}
