mock_provider "google" {}

variables {
  project = "example-project"
  region  = "europe-west1"
  name    = "prod"
}

run "makes_one_subnet_with_ranges_for_pods_and_services" {
  command = plan

  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks && google_compute_network.this.routing_mode == "REGIONAL"
    error_message = "the network must have no subnet but ours"
  }
  assert {
    condition     = google_compute_subnetwork.this.ip_cidr_range == "10.0.0.0/20" && google_compute_subnetwork.this.region == "europe-west1"
    error_message = "nodes must be in the default range"
  }
  assert {
    condition = { for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name => range.ip_cidr_range } == {
      prod-pods     = "10.4.0.0/14"
      prod-services = "10.1.0.0/20"
    }
    error_message = "pods and Services must have ranges of their own"
  }
  assert {
    condition     = google_compute_subnetwork.this.private_ip_google_access
    error_message = "Google's APIs must answer nodes inside the network"
  }
  assert {
    condition     = output.cluster.pods_range == "prod-pods" && output.cluster.services_range == "prod-services"
    error_message = "the cluster must be told the names of its ranges"
  }
}

run "logs_flows_names_and_refusals" {
  command = plan

  assert {
    condition = google_compute_subnetwork.this.log_config[0].flow_sampling == 0.5 && (
      google_compute_subnetwork.this.log_config[0].aggregation_interval == "INTERVAL_30_SEC" &&
      google_compute_subnetwork.this.log_config[0].metadata == "INCLUDE_ALL_METADATA"
    )
    error_message = "flows must be logged with who and where"
  }
  assert {
    condition     = google_dns_policy.this.enable_logging
    error_message = "DNS queries must be logged"
  }
  assert {
    condition     = google_compute_router_nat.this.log_config[0].enable && google_compute_router_nat.this.log_config[0].filter == "ERRORS_ONLY"
    error_message = "errors of the address translation must be logged"
  }
}

run "refuses_what_no_other_rule_allows" {
  command = plan

  assert {
    condition = (
      google_compute_firewall.deny_ingress.direction == "INGRESS" &&
      google_compute_firewall.deny_ingress.priority == 65534 &&
      google_compute_firewall.deny_ingress.source_ranges == toset(["0.0.0.0/0"]) &&
      one(google_compute_firewall.deny_ingress.deny).protocol == "all" &&
      length(google_compute_firewall.deny_ingress.allow) == 0
    )
    error_message = "everything must be refused, after all other rules"
  }
  assert {
    condition     = google_compute_firewall.deny_ingress.log_config[0].metadata == "INCLUDE_ALL_METADATA"
    error_message = "what is refused must be logged"
  }
}

run "lets_nodes_out_from_one_reserved_address" {
  command = plan

  assert {
    condition     = google_compute_router_nat.this.nat_ip_allocate_option == "MANUAL_ONLY" && length(google_compute_address.nat) == 1
    error_message = "the source address must be a reserved one"
  }
  assert {
    condition = (
      google_compute_router_nat.this.source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS" &&
      one(google_compute_router_nat.this.subnetwork).source_ip_ranges_to_nat == toset(["ALL_IP_RANGES"])
    )
    error_message = "nodes and pods of the subnet must have a way out, and nobody else"
  }
  assert {
    condition = (
      google_compute_router_nat.this.enable_dynamic_port_allocation &&
      !google_compute_router_nat.this.enable_endpoint_independent_mapping &&
      google_compute_router_nat.this.min_ports_per_vm == 64 &&
      google_compute_router_nat.this.max_ports_per_vm == 4096
    )
    error_message = "ports must be given out as they are needed"
  }
}

run "lets_google_choose_the_source_addresses" {
  command = plan

  variables {
    nat = { addresses = 0 }
  }

  assert {
    condition     = google_compute_router_nat.this.nat_ip_allocate_option == "AUTO_ONLY" && length(google_compute_address.nat) == 0
    error_message = "no address may be reserved"
  }
  assert {
    condition     = output.nat_addresses == []
    error_message = "there are no addresses to tell"
  }
}

run "joins_googles_network_for_managed_services" {
  command = plan

  assert {
    condition = (
      google_compute_global_address.private_services[0].address == "10.2.0.0" &&
      google_compute_global_address.private_services[0].prefix_length == 16 &&
      google_compute_global_address.private_services[0].purpose == "VPC_PEERING"
    )
    error_message = "managed services must get addresses of the given range"
  }
  assert {
    condition = (
      google_service_networking_connection.this[0].reserved_peering_ranges == tolist(["prod-private-services"]) &&
      google_service_networking_connection.this[0].service == "servicenetworking.googleapis.com" &&
      google_service_networking_connection.this[0].deletion_policy == "DELETE"
    )
    error_message = "the range must be given to the connection"
  }
  assert {
    condition     = output.private_services.range == "prod-private-services" && output.private_services.cidr == "10.2.0.0/16"
    error_message = "the range must be told"
  }
}

run "leaves_managed_services_out" {
  command = plan

  variables {
    ranges = { private_services = "" }
  }

  assert {
    condition     = length(google_compute_global_address.private_services) == 0 && length(google_service_networking_connection.this) == 0
    error_message = "nothing may be joined"
  }
  assert {
    condition     = output.private_services == null
    error_message = "there is nothing to tell"
  }
}

run "reserves_an_address_for_the_load_balancer" {
  command = plan

  variables {
    labels = { environment = "prod" }
  }

  assert {
    condition = (
      google_compute_address.ingress[0].name == "prod-ingress" &&
      google_compute_address.ingress[0].address_type == "EXTERNAL" &&
      google_compute_address.ingress[0].labels["environment"] == "prod"
    )
    error_message = "the address must be an external one"
  }
  assert {
    condition     = output.ingress_address.name == "prod-ingress"
    error_message = "its name must be told"
  }
}

run "reserves_none_when_told" {
  command = plan

  variables {
    ingress_address                  = false
    dns_logs                         = false
    private_services_deletion_policy = "REMOVE_PEERING"
    flow_logs                        = { sampling = 1, interval = "INTERVAL_5_SEC" }
  }

  assert {
    condition     = length(google_compute_address.ingress) == 0 && output.ingress_address == null
    error_message = "no address may be reserved"
  }
  assert {
    condition     = !google_dns_policy.this.enable_logging && google_service_networking_connection.this[0].deletion_policy == "REMOVE_PEERING"
    error_message = "the given values must be taken"
  }
  assert {
    condition     = google_compute_subnetwork.this.log_config[0].flow_sampling == 1 && google_compute_subnetwork.this.log_config[0].aggregation_interval == "INTERVAL_5_SEC"
    error_message = "the given sampling must be taken"
  }
}

run "lies_in_the_ranges_that_are_given" {
  command = plan

  variables {
    ranges = { nodes = "10.64.0.0/20", pods = "10.68.0.0/14", services = "10.65.0.0/20" }
  }

  assert {
    condition     = google_compute_subnetwork.this.ip_cidr_range == "10.64.0.0/20"
    error_message = "nodes must be in the given range"
  }
  assert {
    condition     = { for range in google_compute_subnetwork.this.secondary_ip_range : range.range_name => range.ip_cidr_range } == { prod-pods = "10.68.0.0/14", prod-services = "10.65.0.0/20" }
    error_message = "pods and Services must be in theirs"
  }
}

run "gives_a_node_as_many_ports_as_it_is_told" {
  command = plan

  variables {
    nat = { min_ports = 128, max_ports = 8192 }
  }

  assert {
    condition     = google_compute_router_nat.this.min_ports_per_vm == 128 && google_compute_router_nat.this.max_ports_per_vm == 8192
    error_message = "the bounds must be the given ones"
  }
}
