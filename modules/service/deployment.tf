locals {
  # Pods that no longer take part still get requests for a moment: endpoints
  # reach the proxies later than SIGTERM reaches the process. The service goes
  # on serving for this long after SIGTERM. (The image has no shell to sleep in
  # and the provider offers no sleep action for preStop.)
  drain_seconds = 5

  environment = merge(
    {
      SERVICE_NAME       = local.name
      SERVICE_VERSION    = var.release.version
      SERVER_PORT        = tostring(var.service.port)
      SERVER_DRAIN_DELAY = "${local.drain_seconds}s"
      ENVIRONMENT        = var.environment
    },
    var.database == null ? {} : {
      DATABASE_HOST = var.database.host
      DATABASE_PORT = tostring(var.database.port)
      DATABASE_NAME = var.database.name
      DATABASE_USER = var.database.user
    },
    try(var.database.ssl_mode, null) == null ? {} : { DATABASE_SSLMODE = var.database.ssl_mode },
    # The second is read by PostgreSQL's drivers themselves, also in images of services that do not know the first.
    local.database_ca == null ? {} : { DATABASE_SSLROOTCERT = "${local.database_ca_folder}/ca.crt", PGSSLROOTCERT = "${local.database_ca_folder}/ca.crt" },
    var.messaging == null ? {} : {
      MESSAGING_URL    = var.messaging.url
      MESSAGING_USER   = var.messaging.user
      MESSAGING_STREAM = var.messaging.stream
    },
    { for callee in var.service.calls : "${upper(replace(callee, "-", "_"))}_URL" => "http://${callee}" },
  )

  # Environment variable => the Secret and key that hold its value.
  secret_environment = merge(
    { for secret in var.service.secrets : secret.env => module.secrets.secrets["${local.name}-${secret.name}"] },
    var.database == null ? {} : { DATABASE_PASSWORD = var.database.secret },
    var.messaging == null ? {} : { MESSAGING_PASSWORD = var.messaging.secret },
  )

  unprovided = [for secret in var.service.secrets : secret.name if secret.provided && !contains(keys(var.secret_revisions), secret.name)]

  # Pods read configuration and secrets once, at their start. These annotations
  # restart them when one of those was changed or made anew.
  annotations = merge(
    {
      "kindling.internal/config"  = sha256(jsonencode(var.service.config))
      "kindling.internal/secrets" = join(",", [for secret in values(local.secret_environment) : "${secret.name}=${secret.fingerprint}"])
    },
    local.database_ca == null ? {} : { "kindling.internal/database-ca" = sha256(local.database_ca) },
  )
}

resource "kubernetes_deployment_v1" "this" {
  metadata {
    name      = local.name
    namespace = var.namespace
    labels    = local.versioned_labels
  }

  spec {
    # With an autoscaler the number of pods is the cluster's to change.
    replicas                  = local.autoscaling == null ? tostring(local.replicas) : null
    revision_history_limit    = 5
    progress_deadline_seconds = var.service.rollout.progress_deadline_seconds

    selector {
      match_labels = local.selector
    }

    strategy {
      type = "RollingUpdate"
      rolling_update {
        max_surge       = var.service.rollout.max_surge
        max_unavailable = var.service.rollout.max_unavailable
      }
    }

    template {
      metadata {
        labels      = local.versioned_labels
        annotations = local.annotations
      }

      spec {
        service_account_name             = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token  = false
        enable_service_links             = false
        termination_grace_period_seconds = local.drain_seconds + 25

        security_context {
          run_as_user     = "65532"
          run_as_group    = "65532"
          run_as_non_root = true

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = local.name
          image = var.release.image

          env_from {
            config_map_ref {
              name = kubernetes_config_map_v1.this.metadata[0].name
            }
          }

          dynamic "env" {
            for_each = local.environment
            content {
              name  = env.key
              value = env.value
            }
          }

          dynamic "env" {
            for_each = local.secret_environment
            content {
              name = env.key
              value_from {
                secret_key_ref {
                  name = env.value.name
                  key  = env.value.key
                }
              }
            }
          }

          port {
            name           = "http"
            container_port = var.service.port
          }

          # No startup probe: the kubelet asks it first when a second has gone, and
          # readiness as soon as the container runs. Liveness waits instead.
          liveness_probe {
            http_get {
              path = "/livez"
              port = "http"
            }
            initial_delay_seconds = 60
            period_seconds        = 10
            timeout_seconds       = 3
            failure_threshold     = 3
          }
          readiness_probe {
            http_get {
              path = "/readyz"
              port = "http"
            }
            period_seconds    = 1
            timeout_seconds   = 2
            failure_threshold = 3
          }

          resources {
            requests = local.resources.requests
            limits   = local.resources.limits
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
            for_each = kubernetes_config_map_v1.database_ca
            content {
              name       = "database-ca"
              mount_path = local.database_ca_folder
              read_only  = true
            }
          }
        }

        dynamic "volume" {
          for_each = kubernetes_config_map_v1.database_ca
          content {
            name = "database-ca"
            config_map {
              name = volume.value.metadata[0].name
            }
          }
        }

        # The pods of one rollout spread over nodes; where there is one node,
        # they share it.
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "kubernetes.io/hostname"
          when_unsatisfiable = "ScheduleAnyway"
          match_label_keys   = ["pod-template-hash"]

          label_selector {
            match_labels = local.selector
          }
        }

        # A pod on a lost node is made anew elsewhere after 30 s; Kubernetes'
        # default is 300 s.
        dynamic "toleration" {
          for_each = toset(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
          content {
            key                = toleration.value
            operator           = "Exists"
            effect             = "NoExecute"
            toleration_seconds = "30"
          }
        }
      }
    }
  }

  # Whoever applies watches all rollouts at once and can tell why one does not end.
  wait_for_rollout = false

  lifecycle {
    # kubectl rollout restart is no drift: undoing it would restart the pods again.
    ignore_changes = [spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]]

    precondition {
      condition     = !contains(var.service.needs, "database") || var.database != null
      error_message = "service ${local.name} needs a database and was given none; pass database, or remove database from needs in its service.yaml"
    }
    precondition {
      condition     = !contains(var.service.needs, "messaging") || var.messaging != null
      error_message = "service ${local.name} needs messaging and was given none; pass messaging, or remove messaging from needs in its service.yaml"
    }
    precondition {
      condition     = length(local.unprovided) == 0
      error_message = "service ${local.name} has secrets whose values are provided, and was given none for ${join(", ", local.unprovided)}; pass secret_revisions and secret_values"
    }
    precondition {
      condition     = length(setsubtract(var.service.calls, keys(var.callees))) == 0
      error_message = "service ${local.name} calls ${join(", ", setsubtract(var.service.calls, keys(var.callees)))}, which no service.yaml describes; correct calls in services/${local.name}/service.yaml"
    }
    precondition {
      condition     = length(setintersection(keys(var.service.config), concat(keys(local.environment), keys(local.secret_environment)))) == 0
      error_message = "service ${local.name} sets ${join(", ", setintersection(keys(var.service.config), concat(keys(local.environment), keys(local.secret_environment))))} in config, which the platform sets; remove it from services/${local.name}/service.yaml"
    }
  }
}
