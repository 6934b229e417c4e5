locals {
  ca_folder = "/etc/kindling/database"

  # The database and its role carry the service's name in SQL's spelling.
  sql_names = { for client in setunion(var.clients, var.dropped) : client => replace(client, "-", "_") }

  # What is done to each: a client that is dropped has its Job replaced, so that one
  # never runs beside the other.
  deeds = { for client in keys(local.sql_names) : client => contains(var.dropped, client) ? "drop" : "create" }

  # A Job cannot be changed, and a finished one does not run again. Its name
  # carries a hash over all that it depends on, so that a password or a server
  # that is made anew leads to a new Job.
  setup_hashes = {
    for client in keys(local.sql_names) : client => substr(sha256(join("\n", [
      local.superuser_fingerprint,
      contains(var.dropped, client) ? "" : module.secrets.secrets[local.client_secrets[client]].fingerprint,
      local.inside ? kubernetes_stateful_set_v1.this[0].metadata[0].uid : "${local.host}:${local.port} ${local.user} ${local.ssl_mode} ${try(sha256(local.ca_certificates), "")}",
      var.image,
      local.scripts[local.deeds[client]],
    ])), 0, 8)
  }
}

resource "kubernetes_job_v1" "setup" {
  for_each = local.deeds

  metadata {
    name      = "${each.key}-${var.name}-${local.setup_hashes[each.key]}"
    namespace = var.namespace
    # By the last of them a plan tells that data is lost.
    labels = merge(local.labels, local.setup_selector, each.value == "drop" ? { "kindling.internal/drops" = each.key } : {})
  }

  spec {
    backoff_limit           = 5
    active_deadline_seconds = 600

    template {
      metadata {
        labels = merge(local.labels, local.setup_selector, { "kindling.internal/service" = each.key })
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
          name    = "psql"
          image   = var.image
          command = ["sh", "-c", local.scripts[each.value]]

          env {
            name  = "PGHOST"
            value = local.host
          }
          env {
            name  = "PGPORT"
            value = tostring(local.port)
          }
          env {
            name  = "PGUSER"
            value = local.user
          }
          dynamic "env" {
            for_each = local.ssl_mode == null ? [] : [local.ssl_mode]
            content {
              name  = "PGSSLMODE"
              value = env.value
            }
          }
          dynamic "env" {
            for_each = kubernetes_config_map_v1.ca
            content {
              name  = "PGSSLROOTCERT"
              value = "${local.ca_folder}/ca.crt"
            }
          }
          env {
            name = "PGPASSWORD"
            value_from {
              secret_key_ref {
                name = local.superuser_secret
                key  = "password"
              }
            }
          }
          env {
            name  = "ROLE"
            value = local.sql_names[each.key]
          }
          dynamic "env" {
            for_each = each.value == "drop" ? [] : [local.client_secrets[each.key]]
            content {
              name = "ROLE_PASSWORD"
              value_from {
                secret_key_ref {
                  name = env.value
                  key  = "password"
                }
              }
            }
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

          dynamic "volume_mount" {
            for_each = kubernetes_config_map_v1.ca
            content {
              name       = "ca"
              mount_path = local.ca_folder
              read_only  = true
            }
          }
        }

        dynamic "volume" {
          for_each = kubernetes_config_map_v1.ca
          content {
            name = "ca"
            config_map {
              name = volume.value.metadata[0].name
            }
          }
        }
      }
    }
  }

  # Whoever applies watches the Job and can tell why it fails.
  wait_for_completion = false
}
