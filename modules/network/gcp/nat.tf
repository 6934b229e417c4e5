# The way out for nodes and pods without public addresses.
resource "google_compute_router" "this" {
  project     = var.project
  region      = var.region
  name        = var.name
  description = "Carries the address translation of ${var.name}."
  network     = google_compute_network.this.id
}

resource "google_compute_address" "nat" {
  count = var.nat.addresses

  project      = var.project
  region       = var.region
  name         = "${var.name}-nat-${count.index}"
  description  = "Source address of ${var.name} on the internet."
  address_type = "EXTERNAL"
  network_tier = "PREMIUM"
  labels       = var.labels
}

resource "google_compute_router_nat" "this" {
  project                = var.project
  region                 = var.region
  name                   = var.name
  router                 = google_compute_router.this.name
  nat_ip_allocate_option = var.nat.addresses == 0 ? "AUTO_ONLY" : "MANUAL_ONLY"
  nat_ips                = var.nat.addresses == 0 ? null : google_compute_address.nat[*].self_link

  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  subnetwork {
    name                    = google_compute_subnetwork.this.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  # Ports are given to nodes as they need them, so that one busy node does not run
  # out while others sit on theirs.
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = var.nat.min_ports
  max_ports_per_vm                    = var.nat.max_ports

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
