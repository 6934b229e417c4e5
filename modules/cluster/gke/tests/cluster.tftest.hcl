mock_provider "google" {}

override_resource {
  target          = google_service_account.nodes
  override_during = plan
  values = {
    email  = "prod-nodes@example-project.iam.gserviceaccount.com"
    member = "serviceAccount:prod-nodes@example-project.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_container_cluster.this
  override_during = plan
  values = {
    id                             = "projects/example-project/locations/europe-west1/clusters/prod"
    endpoint                       = "203.0.113.7"
    private_cluster_config         = { private_endpoint = "10.0.0.2" }
    master_auth                    = { cluster_ca_certificate = "Y2E=" }
    control_plane_endpoints_config = { dns_endpoint_config = { endpoint = "gke-1.europe-west1.gke.goog" } }
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

run "is_regional_and_protected" {
  command = plan

  assert {
    condition     = google_container_cluster.this.location == "europe-west1" && google_container_cluster.this.deletion_protection
    error_message = "the cluster must be in a region, and not be destroyed by mistake"
  }
  assert {
    condition     = google_container_cluster.this.remove_default_node_pool && google_container_cluster.this.initial_node_count == 1
    error_message = "GKE's first pool must go"
  }
  assert {
    condition     = google_container_cluster.this.release_channel[0].channel == "REGULAR"
    error_message = "the cluster must follow a release channel"
  }
  assert {
    condition = google_container_cluster.this.maintenance_policy[0].recurring_window[0].recurrence == "FREQ=WEEKLY;BYDAY=SA,SU" && (
      google_container_cluster.this.maintenance_policy[0].recurring_window[0].start_time == "2026-01-03T01:00:00Z" &&
      google_container_cluster.this.maintenance_policy[0].recurring_window[0].end_time == "2026-01-03T07:00:00Z"
    )
    error_message = "upgrades must come at weekends, at night"
  }
}

run "has_a_private_control_plane_that_lets_nobody_else_in" {
  command = plan

  assert {
    condition = (
      google_container_cluster.this.private_cluster_config[0].enable_private_nodes &&
      google_container_cluster.this.private_cluster_config[0].enable_private_endpoint &&
      !google_container_cluster.this.private_cluster_config[0].master_global_access_config[0].enabled
    )
    error_message = "nodes and control plane must have private addresses"
  }
  assert {
    condition     = !google_container_cluster.this.control_plane_endpoints_config[0].dns_endpoint_config[0].allow_external_traffic
    error_message = "the control plane's name must not answer from outside"
  }
  assert {
    condition = (
      length(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks) == 0 &&
      google_container_cluster.this.master_authorized_networks_config[0].gcp_public_cidrs_access_enabled == false &&
      google_container_cluster.this.master_authorized_networks_config[0].private_endpoint_enforcement_enabled
    )
    error_message = "nobody but the nodes may reach the control plane"
  }
}

run "enforces_network_policies_by_dataplane_v2" {
  command = plan

  assert {
    condition     = google_container_cluster.this.datapath_provider == "ADVANCED_DATAPATH" && google_container_cluster.this.networking_mode == "VPC_NATIVE"
    error_message = "NetworkPolicies must hold"
  }
  assert {
    condition = (
      google_container_cluster.this.ip_allocation_policy[0].cluster_secondary_range_name == "prod-pods" &&
      google_container_cluster.this.ip_allocation_policy[0].services_secondary_range_name == "prod-services"
    )
    error_message = "pods and Services must be in their ranges"
  }
  assert {
    condition     = !google_container_cluster.this.addons_config[0].dns_cache_config[0].enabled
    error_message = "kube-dns must answer, which NetworkPolicies allow"
  }
  assert {
    condition     = !google_container_cluster.this.service_external_ips_config[0].enabled
    error_message = "no Service may take over a foreign address"
  }
}

run "encrypts_secrets_and_disks_with_the_customers_keys" {
  command = plan

  assert {
    condition = (
      google_container_cluster.this.database_encryption[0].state == "ENCRYPTED" &&
      google_container_cluster.this.database_encryption[0].key_name == var.keys.secrets
    )
    error_message = "Secrets must be encrypted in etcd"
  }
  assert {
    condition = (
      google_container_cluster.this.node_config[0].boot_disk_kms_key == var.keys.disks &&
      alltrue([for pool in google_container_node_pool.this : pool.node_config[0].boot_disk_kms_key == var.keys.disks])
    )
    error_message = "disks of all nodes must be encrypted"
  }
}

run "knows_people_and_workloads_by_google_alone" {
  command = plan

  assert {
    condition = (
      !google_container_cluster.this.enable_legacy_abac &&
      !google_container_cluster.this.master_auth[0].client_certificate_config[0].issue_client_certificate &&
      google_container_cluster.this.anonymous_authentication_config[0].mode == "LIMITED"
    )
    error_message = "there must be no other way to be somebody"
  }
  assert {
    condition = (
      !google_container_cluster.this.rbac_binding_config[0].enable_insecure_binding_system_unauthenticated &&
      !google_container_cluster.this.rbac_binding_config[0].enable_insecure_binding_system_authenticated
    )
    error_message = "no right may be given to everybody"
  }
  assert {
    condition     = google_container_cluster.this.workload_identity_config[0].workload_pool == "example-project.svc.id.goog"
    error_message = "workloads must have identities"
  }
  assert {
    condition     = output.workload_pool == "example-project.svc.id.goog"
    error_message = "their pool must be told"
  }
}

run "logs_the_control_plane_and_the_workloads" {
  command = plan

  assert {
    condition = length(setsubtract(
      ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"],
      google_container_cluster.this.logging_config[0].enable_components,
    )) == 0
    error_message = "all of the control plane and the workloads must be logged"
  }
  assert {
    condition = (
      contains(google_container_cluster.this.monitoring_config[0].enable_components, "APISERVER") &&
      google_container_cluster.this.monitoring_config[0].managed_prometheus[0].enabled
    )
    error_message = "metrics must be collected"
  }
}

run "has_what_workloads_and_their_operators_need" {
  command = plan

  assert {
    condition = (
      google_container_cluster.this.addons_config[0].gce_persistent_disk_csi_driver_config[0].enabled &&
      !google_container_cluster.this.addons_config[0].horizontal_pod_autoscaling[0].disabled &&
      !google_container_cluster.this.addons_config[0].http_load_balancing[0].disabled
    )
    error_message = "there must be volumes, autoscaling and load balancers"
  }
  assert {
    condition = (
      google_container_cluster.this.enable_l4_ilb_subsetting &&
      google_container_cluster.this.enable_intranode_visibility &&
      google_container_cluster.this.in_transit_encryption_config == "IN_TRANSIT_ENCRYPTION_DISABLED"
    )
    error_message = "flow logs must see traffic within a node, and traffic between nodes is encrypted only when told"
  }
  assert {
    condition = (
      google_container_cluster.this.secret_manager_config[0].enabled &&
      google_container_cluster.this.binary_authorization[0].evaluation_mode == "DISABLED" &&
      google_container_cluster.this.cost_management_config[0].enabled &&
      google_container_cluster.this.security_posture_config[0].mode == "BASIC" &&
      google_container_cluster.this.security_posture_config[0].vulnerability_mode == "VULNERABILITY_DISABLED"
    )
    error_message = "secrets, costs and the posture of workloads must be there to see"
  }
  assert {
    condition = (
      google_container_cluster.this.monitoring_config[0].advanced_datapath_observability_config[0].enable_metrics &&
      !google_container_cluster.this.monitoring_config[0].advanced_datapath_observability_config[0].enable_relay &&
      google_container_cluster.this.control_plane_endpoints_config[0].ip_endpoints_config[0].enabled &&
      google_container_cluster.this.ip_allocation_policy[0].stack_type == "IPV4"
    )
    error_message = "the network must be measured, and answer by its addresses"
  }
}

run "takes_what_else_is_given" {
  command = plan

  variables {
    deletion_protection   = false
    release_channel       = "STABLE"
    zones                 = ["europe-west1-b", "europe-west1-c"]
    encrypt_between_nodes = true
    binary_authorization  = true
    secret_manager        = false
    dns_cache             = true
    security_group        = "gke-security-groups@example.com"
    notification_topic    = "projects/example-project/topics/upgrades"
    logs                  = ["SYSTEM_COMPONENTS", "APISERVER"]
    metrics               = ["SYSTEM_COMPONENTS"]
    labels                = { environment = "prod" }
    maintenance = {
      recurrence = "FREQ=DAILY"
      exclusions = { sale = { start = "2026-11-20T00:00:00Z", end = "2026-12-01T00:00:00Z", scope = "NO_UPGRADES" } }
    }
  }

  assert {
    condition = (
      !google_container_cluster.this.deletion_protection &&
      google_container_cluster.this.release_channel[0].channel == "STABLE" &&
      google_container_cluster.this.node_locations == toset(["europe-west1-b", "europe-west1-c"]) &&
      google_container_cluster.this.in_transit_encryption_config == "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT"
    )
    error_message = "protection, channel, zones and encryption must be the given ones"
  }
  assert {
    condition = (
      google_container_cluster.this.binary_authorization[0].evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE" &&
      !google_container_cluster.this.secret_manager_config[0].enabled &&
      google_container_cluster.this.addons_config[0].dns_cache_config[0].enabled &&
      google_container_cluster.this.authenticator_groups_config[0].security_group == "gke-security-groups@example.com" &&
      google_container_cluster.this.notification_config[0].pubsub[0].enabled &&
      google_container_cluster.this.notification_config[0].pubsub[0].topic == "projects/example-project/topics/upgrades"
    )
    error_message = "images, secrets, groups and notifications must be as given"
  }
  assert {
    condition = (
      google_container_cluster.this.logging_config[0].enable_components == toset(["SYSTEM_COMPONENTS", "APISERVER"]) &&
      google_container_cluster.this.monitoring_config[0].enable_components == toset(["SYSTEM_COMPONENTS"]) &&
      google_container_cluster.this.resource_labels["environment"] == "prod"
    )
    error_message = "logs, metrics and labels must be the given ones"
  }
  assert {
    condition = (
      google_container_cluster.this.maintenance_policy[0].recurring_window[0].recurrence == "FREQ=DAILY" &&
      one(google_container_cluster.this.maintenance_policy[0].maintenance_exclusion).exclusion_options[0].scope == "NO_UPGRADES"
    )
    error_message = "the maintenance must be as given"
  }
}

run "is_upgraded_in_the_window_that_is_given" {
  command = plan

  variables {
    maintenance = { start = "2026-02-02T20:00:00Z", end = "2026-02-03T02:00:00Z" }
  }

  assert {
    condition = (
      google_container_cluster.this.maintenance_policy[0].recurring_window[0].start_time == "2026-02-02T20:00:00Z"
      && google_container_cluster.this.maintenance_policy[0].recurring_window[0].end_time == "2026-02-03T02:00:00Z"
    )
    error_message = "the window must begin and end as told"
  }
}
