output "network" {
  description = "The network: id and name."
  value       = { id = google_compute_network.this.id, name = google_compute_network.this.name }
}

output "cluster" {
  description = "What a GKE cluster needs to know: ids of network and subnet, names of the secondary ranges of pods and Services. Known once the nodes have a way out."
  value = {
    network        = google_compute_network.this.id
    subnetwork     = google_compute_subnetwork.this.id
    pods_range     = local.pods_range
    services_range = local.services_range
  }

  depends_on = [google_compute_router_nat.this]
}

output "private_services" {
  description = "Id of the network, and name and addresses of the range in which managed services get theirs, once they are joined; null when there is no such range."
  value = var.ranges.private_services == "" ? null : {
    network = google_compute_network.this.id
    range   = one(google_compute_global_address.private_services[*].name)
    cidr    = var.ranges.private_services
  }

  depends_on = [google_service_networking_connection.this]
}

output "nat_addresses" {
  description = "Addresses under which the cluster appears on the internet, for the lists of others; empty when Google chooses them."
  value       = google_compute_address.nat[*].address
}

output "ingress_address" {
  description = "Name and address that are reserved for the load balancer; null when none is."
  value       = one([for address in google_compute_address.ingress : { name = address.name, address = address.address }])
}

output "ranges" {
  description = "Addresses of nodes, and of pods and Services by the names of their secondary ranges."
  value = merge(
    { nodes = google_compute_subnetwork.this.ip_cidr_range },
    { for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name => range.ip_cidr_range },
  )
}
