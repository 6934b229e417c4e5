locals {
  stream_description = jsonencode({
    name              = local.stream
    subjects          = ["${local.prefix}.>"]
    replicas          = var.servers
    max_age_hours     = var.stream.max_age_hours
    max_bytes         = local.stream_bytes
    duplicate_seconds = 120
  })

  # A Job cannot be changed, and a finished one does not run again. Its name carries
  # a hash over all that it depends on.
  setup_hash = substr(sha256(join("\n", [
    module.secrets.secrets[local.setup_secret].fingerprint,
    kubernetes_stateful_set_v1.this.metadata[0].uid,
    local.url,
    var.image,
    local.stream_description,
  ])), 0, 8)
}

# Makes the stream that keeps the events, or corrects it.
resource "kubernetes_job_v1" "setup" {
  metadata {
    name      = "${var.name}-setup-${local.setup_hash}"
    namespace = var.namespace
    labels    = merge(local.labels, local.setup_selector)
  }

  spec {
    backoff_limit           = 5
    active_deadline_seconds = 600

    template {
      metadata {
        labels = merge(local.labels, local.setup_selector)
      }

      spec {
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token = false
        enable_service_links            = false
        restart_policy                  = "OnFailure"

        security_context {
          run_as_user     = tostring(var.run_as_user)
          run_as_group    = tostring(var.run_as_user)
          run_as_non_root = true

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name    = "setup"
          image   = var.image
          command = ["/messaging-setup"]

          env {
            name  = "MESSAGING_URL"
            value = local.url
          }
          env {
            name  = "MESSAGING_USER"
            value = "_setup"
          }
          env {
            name = "MESSAGING_PASSWORD"
            value_from {
              secret_key_ref {
                name = local.setup_secret
                key  = "password"
              }
            }
          }
          env {
            name  = "STREAM"
            value = local.stream_description
          }
          env {
            name  = "WAIT_SECONDS"
            value = "300"
          }

          resources {
            requests = { cpu = "10m", memory = "16Mi" }
            limits   = { memory = "64Mi" }
          }

          security_context {
            allow_privilege_escalation = false
            read_only_root_filesystem  = true
            run_as_non_root            = true

            capabilities {
              drop = ["ALL"]
            }
          }
        }
      }
    }
  }

  # Whoever applies watches the Job and can tell why it fails.
  wait_for_completion = false

  lifecycle {
    precondition {
      condition     = local.stream_bytes <= local.store_bytes
      error_message = "stream.max_bytes is ${local.stream_bytes}, and a volume of ${var.storage.size} keeps ${local.store_bytes}; raise storage.size or lower stream.max_bytes"
    }
  }
}
