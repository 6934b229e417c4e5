resource "kubernetes_stateful_set_v1" "this" {
  count = local.inside ? 1 : 0

  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    # One server: a second replica of this set would be a second, empty database.
    replicas = "1"
    # A pod of the revision before that cannot start must not hold its replacement up.
    pod_management_policy = "Parallel"

    service_name = kubernetes_service_v1.this[0].metadata[0].name

    selector {
      match_labels = local.selector
    }

    # The data outlives the set; they go with the namespace or the cluster.
    persistent_volume_claim_retention_policy {
      when_deleted = "Retain"
      when_scaled  = "Retain"
    }

    template {
      metadata {
        labels = merge(local.labels, local.selector)
        annotations = {
          # A superuser secret that is made anew restarts the server, which then
          # takes the new password over.
          "kindling.internal/secrets" = local.superuser_fingerprint
        }
      }

      spec {
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token = false
        enable_service_links            = false
        # PostgreSQL's fast shutdown ends sessions at once and then writes a checkpoint.
        termination_grace_period_seconds = 60

        security_context {
          run_as_user            = tostring(var.run_as_user)
          run_as_group           = tostring(var.run_as_user)
          run_as_non_root        = true
          fs_group               = tostring(var.run_as_user)
          fs_group_change_policy = "OnRootMismatch"

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = "postgresql"
          image = var.image

          env {
            name  = "PGDATA"
            value = "/var/lib/postgresql/data/pgdata"
          }
          env {
            name  = "POSTGRES_PASSWORD_FILE"
            value = "/run/secrets/superuser/password"
          }
          env {
            name  = "POSTGRES_INITDB_ARGS"
            value = "--data-checksums --auth-host=scram-sha-256"
          }

          port {
            name           = "postgresql"
            container_port = local.port
          }

          startup_probe {
            exec {
              command = local.ready_command
            }
            period_seconds    = 1
            timeout_seconds   = 2
            failure_threshold = 120
          }
          readiness_probe {
            exec {
              command = local.ready_command
            }
            period_seconds    = 5
            timeout_seconds   = 3
            failure_threshold = 2
          }
          liveness_probe {
            exec {
              command = local.ready_command
            }
            period_seconds    = 10
            timeout_seconds   = 5
            failure_threshold = 6
          }

          resources {
            requests = { for unit, amount in var.resources.requests : unit => amount if amount != null }
            limits   = { for unit, amount in var.resources.limits : unit => amount if amount != null }
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
            name       = "data"
            mount_path = "/var/lib/postgresql/data"
          }
          volume_mount {
            name       = "superuser"
            mount_path = "/run/secrets/superuser"
            read_only  = true
          }
          volume_mount {
            name       = "sockets"
            mount_path = "/var/run/postgresql"
          }
          volume_mount {
            name       = "tmp"
            mount_path = "/tmp"
          }
        }

        volume {
          name = "superuser"
          secret {
            secret_name  = local.superuser_secret
            default_mode = "0440"
          }
        }
        volume {
          name = "sockets"
          empty_dir {
            medium     = "Memory"
            size_limit = "1Mi"
          }
        }
        volume {
          name = "tmp"
          empty_dir {
            size_limit = "256Mi"
          }
        }
      }
    }

    volume_claim_template {
      metadata {
        name   = "data"
        labels = local.selector
      }

      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = var.storage.class

        resources {
          requests = { storage = var.storage.size }
        }
      }
    }
  }

  # Whoever applies watches the rollout and can tell why it does not end.
  wait_for_rollout = false

  lifecycle {
    # kubectl rollout restart is no drift: undoing it would restart the pods again.
    ignore_changes = [spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]]
  }
}

locals {
  # Over TCP: the entrypoint's first server, which only initialises, listens on
  # the socket alone and must not count as ready.
  ready_command = ["pg_isready", "--quiet", "--host=127.0.0.1", "--port=${local.port}"]
}
