locals {
  pods_range     = "${var.name}-pods"
  services_range = "${var.name}-services"
}

resource "google_compute_network" "this" {
  project                 = var.project
  name                    = var.name
  description             = "Network of ${var.name}."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "this" {
  project       = var.project
  region        = var.region
  name          = var.name
  description   = "Nodes, pods and Services of ${var.name}."
  network       = google_compute_network.this.id
  ip_cidr_range = var.ranges.nodes
  stack_type    = "IPV4_ONLY"

  # Nodes have no address of their own on the internet; Google's APIs answer them
  # inside the network.
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = local.pods_range
    ip_cidr_range = var.ranges.pods
  }
  secondary_ip_range {
    range_name    = local.services_range
    ip_cidr_range = var.ranges.services
  }

  log_config {
    aggregation_interval = var.flow_logs.interval
    flow_sampling        = var.flow_logs.sampling
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# Who asked for which name: what is resolved tells of what flow logs only show as
# addresses.
resource "google_dns_policy" "this" {
  project        = var.project
  name           = var.name
  description    = "Logs the DNS queries of ${var.name}."
  enable_logging = var.dns_logs

  networks {
    network_url = google_compute_network.this.id
  }
}

# The network refuses what no rule allows anyway; this rule writes it down. GKE
# makes the rules that its nodes and load balancers need, all of them before this
# one.
resource "google_compute_firewall" "deny_ingress" {
  project       = var.project
  name          = "${var.name}-deny-ingress"
  description   = "Refuses and logs what no other rule allows."
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

# Reserved, so that the name in DNS outlives the load balancer and the cluster.
resource "google_compute_address" "ingress" {
  count = var.ingress_address ? 1 : 0

  project      = var.project
  region       = var.region
  name         = "${var.name}-ingress"
  description  = "Load balancer of ${var.name}."
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"
  labels       = var.labels
}
