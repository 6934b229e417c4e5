locals {
  shutdown_seconds = 30
  # Who stands in front goes on sending for as long as it takes to notice that a
  # pod is going: a load balancer longer than kube-proxy.
  leave_seconds = local.balanced ? 30 : 5
}

resource "kubernetes_deployment_v1" "this" {
  metadata {
    name      = "controller"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    replicas                  = tostring(var.replicas)
    revision_history_limit    = 5
    progress_deadline_seconds = 120

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
        service_account_name             = kubernetes_service_account_v1.this.metadata[0].name
        automount_service_account_token  = true
        enable_service_links             = false
        node_selector                    = local.balanced ? { "kubernetes.io/os" = "linux" } : var.node_selector
        priority_class_name              = "system-cluster-critical"
        termination_grace_period_seconds = local.leave_seconds + local.shutdown_seconds + 15

        # The published node may be a control-plane node.
        dynamic "toleration" {
          for_each = local.balanced ? [] : ["node-role.kubernetes.io/control-plane"]
          content {
            key      = toleration.value
            operator = "Exists"
            effect   = "NoSchedule"
          }
        }

        # Behind a load balancer the pods share no node and no zone as long as
        # there are others.
        dynamic "topology_spread_constraint" {
          for_each = local.balanced ? ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] : []
          content {
            max_skew           = 1
            topology_key       = topology_spread_constraint.value
            when_unsatisfiable = "ScheduleAnyway"
            label_selector {
              match_labels = local.selector
            }
          }
        }

        security_context {
          run_as_non_root = true

          seccomp_profile {
            type = "RuntimeDefault"
          }
        }

        container {
          name  = "controller"
          image = var.image
          args = concat([
            "/nginx-ingress-controller",
            "--configmap=$(POD_NAMESPACE)/${kubernetes_config_map_v1.this.metadata[0].name}",
            "--controller-class=${kubernetes_ingress_class_v1.this.spec[0].controller}",
            "--default-ssl-certificate=$(POD_NAMESPACE)/${kubernetes_secret_v1.certificate.metadata[0].name}",
            "--disable-catch-all=true",
            "--disable-svc-external-name=true",
            "--election-id=${local.lease}",
            "--enable-annotation-validation=true",
            "--enable-metrics=true",
            "--http-port=${local.ports.http}",
            "--https-port=${local.ports.https}",
            "--ingress-class=${local.class}",
            "--post-shutdown-grace-period=0",
            "--profiling=false",
            "--shutdown-grace-period=${local.leave_seconds}",
            "--sync-rate-limit=${var.sync_rate}",
            "--watch-ingress-without-class=false",
            ], local.balanced ? [
            "--publish-service=$(POD_NAMESPACE)/${local.service}",
            ] : [
            "--publish-status-address=${var.address}",
          ])

          env {
            name = "POD_NAME"
            value_from {
              field_ref {
                field_path = "metadata.name"
              }
            }
          }
          env {
            name = "POD_NAMESPACE"
            value_from {
              field_ref {
                field_path = "metadata.namespace"
              }
            }
          }

          port {
            name           = "http"
            container_port = local.ports.http
          }
          port {
            name           = "https"
            container_port = local.ports.https
          }
          port {
            name           = "metrics"
            container_port = local.ports.metrics
          }

          startup_probe {
            http_get {
              path = "/healthz"
              port = "metrics"
            }
            period_seconds    = 1
            failure_threshold = 120
          }
          liveness_probe {
            http_get {
              path = "/healthz"
              port = "metrics"
            }
            period_seconds    = 10
            timeout_seconds   = 5
            failure_threshold = 5
          }
          # It answers when it has handed nginx the services' pods, which nginx looks
          # for once a second: until then there would be a 503.
          readiness_probe {
            http_get {
              path = "/healthz"
              port = "metrics"
            }
            period_seconds    = 1
            timeout_seconds   = 3
            success_threshold = 3
            failure_threshold = 3
          }

          # SIGTERM to the container ends requests in flight; this program lets
          # them finish.
          lifecycle {
            pre_stop {
              exec {
                command = ["/wait-shutdown"]
              }
            }
          }

          resources {
            requests = { cpu = "50m", memory = "96Mi" }
            limits   = { memory = "512Mi" }
          }

          security_context {
            allow_privilege_escalation = false
            # It renders its configuration into /etc.
            read_only_root_filesystem = false
            run_as_non_root           = true
            run_as_user               = tostring(var.run_as_user)

            capabilities {
              # Published images carry this as a file capability; without it in
              # the bounding set, the kernel refuses to start their programs.
              add  = ["NET_BIND_SERVICE"]
              drop = ["ALL"]
            }
          }
        }
      }
    }
  }

  wait_for_rollout = false

  # Rights first: without them the controller's first start fails.
  depends_on = [
    kubernetes_role_binding_v1.this,
    kubernetes_cluster_role_binding_v1.this,
  ]

  lifecycle {
    # kubectl rollout restart is no drift: undoing it would restart the pods again.
    ignore_changes = [spec[0].template[0].metadata[0].annotations["kubectl.kubernetes.io/restartedAt"]]
  }
}

resource "kubernetes_pod_disruption_budget_v1" "this" {
  metadata {
    name      = "controller"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    max_unavailable = "1"

    selector {
      match_labels = local.selector
    }
  }
}
