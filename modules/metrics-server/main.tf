locals {
  name      = "metrics-server"
  namespace = "kube-system"
  port      = 10250
  selector  = { "app.kubernetes.io/name" = local.name }
  labels = merge(var.labels, local.selector, {
    "app.kubernetes.io/managed-by" = "kindling"
  })
}

resource "kubernetes_service_account_v1" "this" {
  metadata {
    name      = local.name
    namespace = local.namespace
    labels    = local.labels
  }

  # Off for the account, on for the one pod that needs it.
  automount_service_account_token = false
}

resource "kubernetes_deployment_v1" "this" {
  metadata {
    name      = local.name
    namespace = local.namespace
    labels    = local.labels
  }

  spec {
    replicas = tostring(var.replicas)

    selector {
      match_labels = local.selector
    }

    strategy {
      type = "RollingUpdate"
      rolling_update {
        max_surge       = "1"
        max_unavailable = "0"
      }
    }

    template {
      metadata {
        labels = local.labels
      }

      spec {
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token = true
        enable_service_links            = false
        priority_class_name             = "system-cluster-critical"

        security_context {
          run_as_user     = "1000"
          run_as_group    = "1000"
          run_as_non_root = true

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = local.name
          image = var.image
          args = concat(
            [
              # The serving certificate is self-signed and lives in memory.
              "--cert-dir=/tmp",
              "--secure-port=${local.port}",
              "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
              "--kubelet-use-node-status-port",
              "--metric-resolution=${var.resolution_seconds}s",
            ],
            var.verify_kubelet_certificates ? [] : ["--kubelet-insecure-tls"],
          )

          port {
            name           = "https"
            container_port = local.port
          }

          startup_probe {
            http_get {
              path   = "/livez"
              port   = "https"
              scheme = "HTTPS"
            }
            period_seconds    = 1
            failure_threshold = 60
          }
          liveness_probe {
            http_get {
              path   = "/livez"
              port   = "https"
              scheme = "HTTPS"
            }
            period_seconds    = 10
            timeout_seconds   = 5
            failure_threshold = 3
          }
          # Ready once one round of metrics was gathered.
          readiness_probe {
            http_get {
              path   = "/readyz"
              port   = "https"
              scheme = "HTTPS"
            }
            period_seconds    = 2
            timeout_seconds   = 5
            failure_threshold = 3
          }

          resources {
            requests = { cpu = "25m", memory = "64Mi" }
            limits   = { memory = "256Mi" }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }

          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
        }

        volume {
          name = "tmp"
          empty_dir {
            medium     = "Memory"
            size_limit = "16Mi"
          }
        }
      }
    }
  }

  wait_for_rollout = false

  lifecycle {
    # kubectl rollout restart is no drift: undoing it would restart the pods again.
    ignore_changes = [spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]]
  }
}

resource "kubernetes_service_v1" "this" {
  metadata {
    name      = local.name
    namespace = local.namespace
    labels    = local.labels
  }

  spec {
    selector = local.selector

    port {
      name        = "https"
      port        = 443
      target_port = "https"
    }
  }
}

resource "kubernetes_api_service_v1" "this" {
  metadata {
    name   = "v1beta1.metrics.k8s.io"
    labels = local.labels
  }

  spec {
    group                  = "metrics.k8s.io"
    version                = "v1beta1"
    group_priority_minimum = 100
    version_priority       = 100
    # Aggregation inside the cluster: the server signs its own certificate anew
    # at each start, so there is no authority to name.
    insecure_skip_tls_verify = true

    service {
      name      = kubernetes_service_v1.this.metadata[0].name
      namespace = local.namespace
      port      = 443
    }
  }
}
