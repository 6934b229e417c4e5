locals {
  name     = "ingress-nginx"
  class    = "nginx"
  selector = { "app.kubernetes.io/name" = local.name, "app.kubernetes.io/component" = "controller" }
  labels   = merge(var.labels, local.selector, { "app.kubernetes.io/managed-by" = "kindling" })

  balanced = var.load_balancer != null

  # High ports: the controller's user may bind them without any privilege.
  ports = { http = 8080, https = 8443, metrics = 10254 }
}

resource "kubernetes_namespace_v1" "this" {
  metadata {
    name = var.namespace
    labels = merge(local.labels, {
      "pod-security.kubernetes.io/enforce" = "restricted"
      "pod-security.kubernetes.io/audit"   = "restricted"
      "pod-security.kubernetes.io/warn"    = "restricted"
    })
  }
}

resource "kubernetes_ingress_class_v1" "this" {
  metadata {
    name   = local.class
    labels = local.labels
    annotations = {
      "ingressclass.kubernetes.io/is-default-class" = "true"
    }
  }

  spec {
    controller = "k8s.io/ingress-nginx"
  }
}

# Answers HTTPS for every host that names no certificate of its own. The files
# are read while Terraform runs and go into a write-only argument: the key is
# in no state and no plan.
resource "kubernetes_secret_v1" "certificate" {
  metadata {
    name      = "default-certificate"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  type = "kubernetes.io/tls"
  data_wo = {
    "tls.crt" = file(var.certificate.certificate_file)
    "tls.key" = file(var.certificate.key_file)
  }
  # 28 bits of the certificate's hash, above 0: another certificate is another revision.
  data_wo_revision = parseint(substr(filesha256(var.certificate.certificate_file), 0, 7), 16) + 1

  lifecycle {
    precondition {
      condition     = fileexists(var.certificate.certificate_file) && fileexists(var.certificate.key_file)
      error_message = "no TLS certificate at ${var.certificate.certificate_file} with its key at ${var.certificate.key_file}; make up env=NAME makes both"
    }
  }
}

resource "kubernetes_config_map_v1" "this" {
  metadata {
    name      = "controller"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  data = {
    "allow-cross-namespace-resources" = "false"
    "allow-snippet-annotations"       = "false"
    # Only annotations that cannot reach the configuration's text.
    "annotations-risk-level"    = "Low"
    "hide-headers"              = "Server,X-Powered-By"
    "hsts"                      = tostring(var.https.hsts)
    "hsts-include-subdomains"   = "false"
    "server-tokens"             = "false"
    "ssl-protocols"             = "TLSv1.2 TLSv1.3"
    "ssl-redirect"              = tostring(var.https.redirect)
    "strict-validate-path-type" = "true"
    # A pod on a lost node does not answer at all: ask the next one after 2 s.
    "proxy-connect-timeout" = "2"
    "worker-processes"      = tostring(var.workers)
    # Requests in flight may end within this time when the pod stops.
    "worker-shutdown-timeout" = "${local.shutdown_seconds}s"
  }
}

resource "kubernetes_service_v1" "metrics" {
  metadata {
    name      = "metrics"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    selector = local.selector

    port {
      name        = "metrics"
      port        = local.ports.metrics
      target_port = "metrics"
    }
  }
}

# Requests may come from anywhere; the controller may ask whom it likes, since
# it forwards into every namespace.
resource "kubernetes_network_policy_v1" "this" {
  metadata {
    name      = "controller"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    pod_selector {}
    policy_types = ["Ingress"]

    ingress {
      dynamic "ports" {
        for_each = local.ports
        content {
          port     = ports.value
          protocol = "TCP"
        }
      }
    }
  }
}
