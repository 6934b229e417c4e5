locals {
  # By the name in DNS, Google's front end answers, with a certificate that every
  # machine trusts; by address, the control plane itself, with one of the cluster's
  # own authority.
  by_name = var.control_plane.access == "dns"
  address = local.public ? google_container_cluster.this.endpoint : google_container_cluster.this.private_cluster_config[0].private_endpoint
  endpoint = "https://${local.by_name ?
  google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].endpoint : local.address}"
  ca_certificate = local.by_name ? null : base64decode(google_container_cluster.this.master_auth[0].cluster_ca_certificate)

  exec = {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "gke-gcloud-auth-plugin"
    args        = []
  }

  kubeconfig = yamlencode({
    apiVersion        = "v1"
    kind              = "Config"
    "current-context" = var.name
    contexts          = [{ name = var.name, context = { cluster = var.name, user = var.name } }]
    clusters = [{
      name = var.name
      cluster = merge(
        { server = local.endpoint },
        local.by_name ? {} : { "certificate-authority-data" = google_container_cluster.this.master_auth[0].cluster_ca_certificate },
      )
    }]
    users = [{
      name = var.name
      user = { exec = {
        apiVersion         = local.exec.api_version
        command            = local.exec.command
        provideClusterInfo = true
        interactiveMode    = "Never"
        installHint        = "gcloud components install gke-gcloud-auth-plugin"
      } }
    }]
  })
}

output "cluster" {
  description = "What workloads need to know of the cluster, the same in every flavour: its name and flavour (uid is null: this root does not ask the Kubernetes API), how to reach and trust it (no certificate authority where every machine trusts it), who to be (a command that prints a token), and a kubeconfig. Known once there are nodes."
  sensitive   = true
  value = {
    name               = google_container_cluster.this.name
    flavour            = "gke"
    uid                = null
    endpoint           = local.endpoint
    ca_certificate     = local.ca_certificate
    client_certificate = null
    client_key         = null
    exec               = local.exec
    kubeconfig         = local.kubeconfig
  }

  depends_on = [google_container_node_pool.this]
}

output "ingress" {
  description = "How users reach the ingress controller: its ports, by a load balancer, and the annotations of its Service that shape it."
  value = {
    http_port  = var.ingress.http_port
    https_port = var.ingress.https_port
    exposure   = "load_balancer"
    annotations = merge(
      var.ingress.public ? { "cloud.google.com/l4-rbs" = "enabled" } : { "networking.gke.io/load-balancer-type" = "Internal" },
      var.ingress.address == "" ? {} : { "networking.gke.io/load-balancer-ip-addresses" = var.ingress.address },
    )
  }
}

output "node_service_account" {
  description = "Account of the nodes, as IAM names it, for registries that let them pull."
  value       = google_service_account.nodes.member
}

output "workload_pool" {
  description = "Pool of identities of the cluster's service accounts, for roles that are granted to workloads."
  value       = local.workload_pool
}

output "settings" {
  description = "What the cluster is made with: how its API is reached, its node pools, and whether it is protected from deletion."
  value = {
    public              = !google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    authorised_networks = { for block in google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks : block.display_name => block.cidr_block }
    other_regions       = google_container_cluster.this.private_cluster_config[0].master_global_access_config[0].enabled
    node_pools = { for name, pool in google_container_node_pool.this : name => {
      machine_type = pool.node_config[0].machine_type
      min          = pool.autoscaling[0].total_min_node_count
      max          = pool.autoscaling[0].total_max_node_count
      spot         = pool.node_config[0].spot
      labels       = pool.node_config[0].labels
      taints       = [for taint in pool.node_config[0].taint : "${taint.key}=${taint.value}:${taint.effect}"]
    } }
    deletion_protection = google_container_cluster.this.deletion_protection
  }
}
