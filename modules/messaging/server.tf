resource "kubernetes_stateful_set_v1" "this" {
  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    replicas = tostring(var.servers)
    # Several servers need each other to become ready.
    pod_management_policy = "Parallel"

    service_name = kubernetes_service_v1.servers.metadata[0].name

    selector {
      match_labels = local.selector
    }

    # The events outlive the set; they go with the namespace or the cluster.
    persistent_volume_claim_retention_policy {
      when_deleted = "Retain"
      when_scaled  = "Retain"
    }

    template {
      metadata {
        labels = merge(local.labels, local.selector)
        annotations = {
          # The servers read who may connect at their start.
          "kindling.internal/config"  = sha256(jsonencode(local.configuration))
          "kindling.internal/secrets" = join(",", [for name, secret in module.secrets.secrets : "${name}=${secret.fingerprint}"])
        }
      }

      spec {
        service_account_name            = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token = false
        enable_service_links            = false
        # Handing connections over takes half a minute.
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
          name  = "server"
          image = var.image
          args  = ["--config", "/etc/nats/nats.conf"]

          env {
            name = "POD_NAME"
            value_from {
              field_ref {
                field_path = "metadata.name"
              }
            }
          }
          # The configuration reads a variable as if it were written there: quotes make
          # a word of it, whatever it begins with.
          env {
            name  = "SERVER_NAME"
            value = "\"$(POD_NAME)\""
          }
          env {
            name  = "MAX_FILE_STORE"
            value = tostring(local.store_bytes)
          }
          dynamic "env" {
            for_each = local.passwords
            content {
              name = "${env.key}_SECRET"
              value_from {
                secret_key_ref {
                  name = env.value
                  key  = "password"
                }
              }
            }
          }
          dynamic "env" {
            for_each = local.passwords
            content {
              name  = "${env.key}_PASSWORD"
              value = "\"$(${env.key}_SECRET)\""
            }
          }

          port {
            name           = "client"
            container_port = local.client_port
          }
          port {
            name           = "route"
            container_port = local.route_port
          }
          port {
            name           = "check"
            container_port = local.check_port
          }

          # A server takes part when it has read what it stores, and several when they
          # have a leader.
          startup_probe {
            http_get {
              path = "/healthz"
              port = "check"
            }
            period_seconds    = 1
            timeout_seconds   = 3
            failure_threshold = 240
          }
          readiness_probe {
            http_get {
              path = "/healthz?js-server-only=true"
              port = "check"
            }
            period_seconds    = 5
            timeout_seconds   = 3
            failure_threshold = 2
          }
          liveness_probe {
            http_get {
              path = "/healthz?js-enabled-only=true"
              port = "check"
            }
            period_seconds    = 10
            timeout_seconds   = 5
            failure_threshold = 6
          }

          dynamic "lifecycle" {
            for_each = local.several ? [1] : []
            content {
              pre_stop {
                exec {
                  command = ["/nats-server", "--signal", "ldm=/run/nats/nats.pid"]
                }
              }
            }
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
            name       = local.volume
            mount_path = "/data"
          }
          volume_mount {
            name       = "configuration"
            mount_path = "/etc/nats"
            read_only  = true
          }
          volume_mount {
            name       = "run"
            mount_path = "/run/nats"
          }
        }

        volume {
          name = "configuration"
          config_map {
            name = kubernetes_config_map_v1.this.metadata[0].name
          }
        }
        volume {
          name = "run"
          empty_dir {
            medium     = "Memory"
            size_limit = "1Mi"
          }
        }

        # Two servers on one node would be lost together, and the third alone keeps
        # nothing.
        dynamic "topology_spread_constraint" {
          for_each = local.several ? { "kubernetes.io/hostname" = "DoNotSchedule", "topology.kubernetes.io/zone" = "ScheduleAnyway" } : {}
          content {
            max_skew           = 1
            topology_key       = topology_spread_constraint.key
            when_unsatisfiable = topology_spread_constraint.value

            label_selector {
              match_labels = local.selector
            }
          }
        }
      }
    }

    volume_claim_template {
      metadata {
        name   = local.volume
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
  # A server alone and servers that replicate store their events in ways that the
  # other does not read. They have volumes of different names, so that neither ever
  # opens what the other has written.
  volume = local.several ? "replica" : "data"
}

resource "kubernetes_pod_disruption_budget_v1" "this" {
  count = local.several ? 1 : 0

  metadata {
    name      = var.name
    namespace = var.namespace
    labels    = local.labels
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = local.selector
    }
  }
}
