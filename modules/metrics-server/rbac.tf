resource "kubernetes_cluster_role_v1" "this" {
  metadata {
    name   = "kindling:metrics-server"
    labels = local.labels
  }

  rule {
    api_groups = [""]
    resources  = ["nodes/metrics"]
    verbs      = ["get"]
  }
  rule {
    api_groups = [""]
    resources  = ["pods", "nodes"]
    verbs      = ["get", "list", "watch"]
  }
}

resource "kubernetes_cluster_role_binding_v1" "this" {
  metadata {
    name   = "kindling:metrics-server"
    labels = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.this.metadata[0].name
  }
  subject {
    kind      = "ServiceAccount"
    name      = local.name
    namespace = local.namespace
  }
}

# Lets the server ask the API server who its callers are and what they may do.
resource "kubernetes_cluster_role_binding_v1" "auth_delegator" {
  metadata {
    name   = "kindling:metrics-server:auth-delegator"
    labels = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = "system:auth-delegator"
  }
  subject {
    kind      = "ServiceAccount"
    name      = local.name
    namespace = local.namespace
  }
}

resource "kubernetes_role_binding_v1" "auth_reader" {
  metadata {
    name      = "kindling:metrics-server:auth-reader"
    namespace = local.namespace
    labels    = local.labels
  }

  role_ref {
    api_group = "rbac.authorization.k8s.io"
    kind      = "Role"
    name      = "extension-apiserver-authentication-reader"
  }
  subject {
    kind      = "ServiceAccount"
    name      = local.name
    namespace = local.namespace
  }
}

# People who may view a namespace may view its metrics.
resource "kubernetes_cluster_role_v1" "reader" {
  metadata {
    name = "kindling:metrics-reader"
    labels = merge(local.labels, {
      "rbac.authorization.k8s.io/aggregate-to-view"  = "true"
      "rbac.authorization.k8s.io/aggregate-to-edit"  = "true"
      "rbac.authorization.k8s.io/aggregate-to-admin" = "true"
    })
  }

  rule {
    api_groups = ["metrics.k8s.io"]
    resources  = ["pods", "nodes"]
    verbs      = ["get", "list", "watch"]
  }
}
