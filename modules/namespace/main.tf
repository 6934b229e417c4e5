locals {
  labels = merge(var.labels, { "app.kubernetes.io/managed-by" = "kindling" })
}

resource "kubernetes_namespace_v1" "this" {
  metadata {
    name = var.name
    labels = merge(local.labels, {
      "pod-security.kubernetes.io/enforce" = var.pod_security
      "pod-security.kubernetes.io/audit"   = "restricted"
      "pod-security.kubernetes.io/warn"    = "restricted"
    })
  }

  # The default service account is made some moments after the namespace; pods
  # that come before it are refused.
  wait_for_default_service_account = true
}

# Whatever is not allowed by a policy beside this one is refused, both ways.
resource "kubernetes_network_policy_v1" "default_deny" {
  metadata {
    name      = "default-deny"
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  spec {
    pod_selector {}
    policy_types = ["Ingress", "Egress"]
  }
}

# The namespace's own account carries no token, so a pod that names no account
# cannot talk to the API server.
resource "kubernetes_default_service_account_v1" "this" {
  metadata {
    namespace = kubernetes_namespace_v1.this.metadata[0].name
    labels    = local.labels
  }

  automount_service_account_token = false
}
