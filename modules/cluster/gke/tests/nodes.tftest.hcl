mock_provider "google" {}

override_resource {
  target          = google_service_account.nodes
  override_during = plan
  values = {
    email  = "prod-nodes@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:prod-nodes@example-project.iam.gserviceaccount.com"
  }
}

variables {
  project = "example-project"
  name    = "prod"
  region  = "europe-west1"
  network = {
    network        = "projects/example-project/global/networks/prod"
    subnetwork     = "projects/example-project/regions/europe-west1/subnetworks/prod"
    pods_range     = "prod-pods"
    services_range = "prod-services"
  }
  keys = {
    secrets = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/secrets"
    disks   = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/disks"
  }
}

run "have_an_account_of_their_own_with_the_least_rights" {
  command = plan

  assert {
    condition = (
      google_service_account.nodes.account_id == "prod-nodes" &&
      google_project_iam_member.nodes.role == "roles/container.defaultNodeServiceAccount" &&
      google_project_iam_member.nodes.member == google_service_account.nodes.member
    )
    error_message = "nodes must write logs and metrics, and do nothing else"
  }
  assert {
    condition = (
      google_container_cluster.this.node_config[0].service_account == google_service_account.nodes.email &&
      google_container_node_pool.this["general"].node_config[0].service_account == google_service_account.nodes.email
    )
    error_message = "no node may run as the project's default account"
  }
  assert {
    condition     = output.node_service_account == google_service_account.nodes.member
    error_message = "the account must be told, so that a registry can let it pull"
  }
}

run "are_shielded_and_keep_their_metadata_to_themselves" {
  command = plan

  assert {
    condition = alltrue([
      for config in [google_container_cluster.this.node_config[0], google_container_node_pool.this["general"].node_config[0]] :
      config.shielded_instance_config[0].enable_secure_boot && config.shielded_instance_config[0].enable_integrity_monitoring &&
      config.workload_metadata_config[0].mode == "GKE_METADATA" && config.metadata["disable-legacy-endpoints"] == "true"
    ])
    error_message = "nodes must boot what is signed, and pods must not get the node's tokens"
  }
  assert {
    condition = (
      google_container_node_pool.this["general"].node_config[0].kubelet_config[0].insecure_kubelet_readonly_port_enabled == "FALSE" &&
      google_container_cluster.this.node_pool_defaults[0].node_config_defaults[0].insecure_kubelet_readonly_port_enabled == "FALSE" &&
      google_container_cluster.this.enable_shielded_nodes
    )
    error_message = "kubelets must tell nothing to those who do not say who they are"
  }
  assert {
    condition     = google_container_node_pool.this["general"].network_config[0].enable_private_nodes
    error_message = "nodes must have private addresses"
  }
}

run "repair_upgrade_and_scale_themselves" {
  command = plan

  assert {
    condition = (
      google_container_node_pool.this["general"].management[0].auto_repair &&
      google_container_node_pool.this["general"].management[0].auto_upgrade &&
      google_container_node_pool.this["general"].upgrade_settings[0].max_surge == 1 &&
      google_container_node_pool.this["general"].upgrade_settings[0].max_unavailable == 0
    )
    error_message = "a node must come before another goes"
  }
  assert {
    condition = (
      google_container_node_pool.this["general"].autoscaling[0].total_min_node_count == 3 &&
      google_container_node_pool.this["general"].autoscaling[0].total_max_node_count == 9 &&
      google_container_node_pool.this["general"].autoscaling[0].location_policy == "BALANCED" &&
      google_container_node_pool.this["general"].initial_node_count == 1
    )
    error_message = "three nodes in three zones must be the least"
  }
  assert {
    condition     = google_container_node_pool.this["general"].node_drain_config[0].respect_pdb_during_node_pool_deletion
    error_message = "budgets of pods must hold when a pool goes"
  }
  assert {
    condition = (
      google_container_node_pool.this["general"].name_prefix == "general-" &&
      google_container_node_pool.this["general"].max_pods_per_node == 110 &&
      google_container_node_pool.this["general"].node_config[0].machine_type == "e2-standard-4" &&
      google_container_node_pool.this["general"].node_config[0].image_type == "COS_CONTAINERD" &&
      google_container_node_pool.this["general"].node_config[0].gvnic[0].enabled &&
      google_container_node_pool.this["general"].upgrade_settings[0].strategy == "SURGE" &&
      google_container_node_pool.this["general"].node_config[0].boot_disk[0].disk_type == "pd-balanced" &&
      google_container_node_pool.this["general"].node_config[0].boot_disk[0].size_gb == 100
    )
    error_message = "the machines must be the default ones"
  }
}

run "come_in_several_pools" {
  command = plan

  variables {
    zones = ["europe-west1-b", "europe-west1-c"]
    node_pools = {
      general = { nodes = { min = 4, max = 8 } }
      spot = {
        machine_type      = "n2-standard-8"
        spot              = true
        nodes             = { min = 0, max = 20 }
        disk              = { type = "pd-ssd", size_gb = 200 }
        labels            = { purpose = "batch" }
        taints            = [{ key = "spot", value = "true", effect = "NO_SCHEDULE" }]
        max_pods_per_node = 32
        upgrade           = { max_surge = 0, max_unavailable = 2 }
      }
    }
    labels = { environment = "prod" }
  }

  assert {
    condition     = google_container_node_pool.this["general"].initial_node_count == 2 && google_container_node_pool.this["general"].node_locations == toset(["europe-west1-b", "europe-west1-c"])
    error_message = "nodes must be spread over the given zones"
  }
  assert {
    condition = (
      google_container_node_pool.this["spot"].node_config[0].spot &&
      google_container_node_pool.this["spot"].autoscaling[0].location_policy == "ANY" &&
      google_container_node_pool.this["spot"].initial_node_count == 0 &&
      google_container_node_pool.this["spot"].max_pods_per_node == 32 &&
      google_container_node_pool.this["spot"].upgrade_settings[0].max_unavailable == 2
    )
    error_message = "spot machines must be taken where there are any"
  }
  assert {
    condition = (
      google_container_node_pool.this["spot"].node_config[0].machine_type == "n2-standard-8" &&
      google_container_node_pool.this["spot"].node_config[0].boot_disk[0].disk_type == "pd-ssd" &&
      google_container_node_pool.this["spot"].node_config[0].boot_disk[0].size_gb == 200 &&
      google_container_node_pool.this["spot"].node_config[0].labels["purpose"] == "batch" &&
      google_container_node_pool.this["spot"].node_config[0].resource_labels["environment"] == "prod" &&
      one(google_container_node_pool.this["spot"].node_config[0].taint).key == "spot"
    )
    error_message = "machine, disk, labels and taints must be the given ones"
  }
}
