locals {
  # The first control-plane node is published: ports of this host lead to ports
  # of it, and by its label it has the ingress controller.
  published = index(var.nodes[*].role, "control-plane")

  # Of those that Kubernetes gives to nobody who does not ask for them (30000 to 30085).
  node_ports = { http = 30080, https = 30043 }
  ingress_ports = [
    { container_port = local.node_ports.http, host_port = var.ingress.http_port },
    { container_port = local.node_ports.https, host_port = var.ingress.https_port },
  ]

  # The kubernetes provider knows policies but not their bindings, and a policy
  # without one does nothing. A binding may come before its policy.
  bindings = {
    for policy in var.admission_policies : "admission-${policy}" => yamlencode({
      apiVersion = "admissionregistration.k8s.io/v1"
      kind       = "ValidatingAdmissionPolicyBinding"
      metadata = {
        name   = policy
        labels = { "app.kubernetes.io/managed-by" = "kindling" }
      }
      spec = { policyName = policy, validationActions = ["Deny"] }
    })
  }
}

resource "kind_cluster" "this" {
  name       = var.name
  node_image = var.node_image
  network    = var.network

  nodes = [
    for position, node in var.nodes : {
      role         = node.role
      labels       = merge(node.labels, position == local.published ? { "ingress-ready" = "true" } : {})
      taints       = node.taints
      extra_mounts = node.extra_mounts
      port_mappings = position != local.published ? [] : [
        for port in local.ingress_ports : merge(port, { listen_address = var.ingress.listen_address, protocol = "TCP" })
      ]
    }
  ]

  networking = {
    pod_subnet      = var.networking.pod_subnet
    service_subnet  = var.networking.service_subnet
    api_server_port = var.networking.api_server_port
  }

  encrypt_secrets = var.encrypt_secrets
  # Decoded and encoded: another policy replaces the cluster, another comment
  # must not.
  audit_policy              = var.audit ? yamlencode(yamldecode(file("${path.module}/files/audit-policy.yaml"))) : null
  registry_mirrors          = var.registry_mirrors
  manifests                 = local.bindings
  kubeadm_config_patches    = var.kubeadm_config_patches
  containerd_config_patches = var.containerd_config_patches
  wait                      = var.wait
  wait_at_creation          = var.wait_at_creation
}
