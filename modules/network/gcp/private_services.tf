# Addresses for managed services, such as Cloud SQL, that Google runs in a network
# of its own and joins to this one.
resource "google_compute_global_address" "private_services" {
  count = var.ranges.private_services == "" ? 0 : 1

  project       = var.project
  name          = "${var.name}-private-services"
  description   = "Managed services of ${var.name}."
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = split("/", var.ranges.private_services)[0]
  prefix_length = tonumber(split("/", var.ranges.private_services)[1])
  labels        = var.labels
}

resource "google_service_networking_connection" "this" {
  count = var.ranges.private_services == "" ? 0 : 1

  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = google_compute_global_address.private_services[*].name
  deletion_policy         = var.private_services_deletion_policy
}
