locals {
  public = var.control_plane.access == "public"

  # Without it, a pod could get the node's token by a request that needs no header.
  node_metadata = { disable-legacy-endpoints = "true" }
}

resource "google_container_cluster" "this" {
  project        = var.project
  name           = var.name
  description    = "Kubernetes cluster ${var.name}."
  location       = var.region
  node_locations = length(var.zones) == 0 ? null : var.zones

  # The way out: false, apply, then destroy.
  deletion_protection = var.deletion_protection
  resource_labels     = var.labels

  # Node pools are resources of their own (nodes.tf). GKE insists on a first one,
  # which is removed as soon as the cluster is there.
  initial_node_count       = 1
  remove_default_node_pool = true

  node_config {
    service_account   = google_service_account.nodes.email
    oauth_scopes      = local.oauth_scopes
    boot_disk_kms_key = var.keys.disks
    metadata          = local.node_metadata

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  node_pool_defaults {
    node_config_defaults {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
  }

  network           = var.network.network
  subnetwork        = var.network.subnetwork
  networking_mode   = "VPC_NATIVE"
  datapath_provider = "ADVANCED_DATAPATH" # Dataplane V2, which enforces NetworkPolicies

  enable_intranode_visibility  = true
  enable_l4_ilb_subsetting     = true
  in_transit_encryption_config = var.encrypt_between_nodes ? "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT" : "IN_TRANSIT_ENCRYPTION_DISABLED"

  ip_allocation_policy {
    cluster_secondary_range_name  = var.network.pods_range
    services_secondary_range_name = var.network.services_range
    stack_type                    = "IPV4"
  }

  # A Service cannot take over an address that is not the cluster's.
  service_external_ips_config {
    enabled = false
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = !local.public

    master_global_access_config {
      enabled = var.control_plane.other_regions
    }
  }

  control_plane_endpoints_config {
    dns_endpoint_config {
      allow_external_traffic = var.control_plane.access == "dns"
    }
    ip_endpoints_config {
      enabled = true
    }
  }

  # The nodes' subnet is always allowed.
  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled      = false
    private_endpoint_enforcement_enabled = true

    dynamic "cidr_blocks" {
      for_each = var.control_plane.authorised_networks
      content {
        cidr_block   = cidr_blocks.value.cidr
        display_name = cidr_blocks.value.name
      }
    }
  }

  # Who one is, Google says: no passwords, no client certificates, no rights by
  # mere attributes, and nothing for those who say nothing.
  enable_legacy_abac = false

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  anonymous_authentication_config {
    mode = "LIMITED"
  }

  rbac_binding_config {
    enable_insecure_binding_system_unauthenticated = false
    enable_insecure_binding_system_authenticated   = false
  }

  dynamic "authenticator_groups_config" {
    for_each = var.security_group == "" ? [] : [var.security_group]
    content {
      security_group = authenticator_groups_config.value
    }
  }

  workload_identity_config {
    workload_pool = local.workload_pool
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.keys.secrets
  }

  enable_shielded_nodes = true

  binary_authorization {
    evaluation_mode = var.binary_authorization ? "PROJECT_SINGLETON_POLICY_ENFORCE" : "DISABLED"
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_DISABLED" # the registry scans images
  }

  # Mounts secrets of Secret Manager into pods that may read them.
  secret_manager_config {
    enabled = var.secret_manager
  }

  logging_config {
    enable_components = var.logs
  }

  monitoring_config {
    enable_components = var.metrics

    managed_prometheus {
      enabled = true
    }
    advanced_datapath_observability_config {
      enable_metrics = true
      enable_relay   = false
    }
  }

  cost_management_config {
    enabled = true
  }

  addons_config {
    dns_cache_config {
      enabled = var.dns_cache
    }
    gce_persistent_disk_csi_driver_config {
      enabled = true
    }
    horizontal_pod_autoscaling {
      disabled = false
    }
    # It makes load balancers for the Ingress class of GKE, and the network endpoint
    # groups of Services.
    http_load_balancing {
      disabled = false
    }
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    recurring_window {
      start_time = var.maintenance.start
      end_time   = var.maintenance.end
      recurrence = var.maintenance.recurrence
    }

    dynamic "maintenance_exclusion" {
      for_each = var.maintenance.exclusions
      content {
        exclusion_name = maintenance_exclusion.key
        start_time     = maintenance_exclusion.value.start
        end_time       = maintenance_exclusion.value.end

        exclusion_options {
          scope = maintenance_exclusion.value.scope
        }
      }
    }
  }

  dynamic "notification_config" {
    for_each = var.notification_topic == "" ? [] : [var.notification_topic]
    content {
      pubsub {
        enabled = true
        topic   = notification_config.value
      }
    }
  }

  lifecycle {
    # The first pool is gone: what it was made of is not worth another cluster.
    ignore_changes = [initial_node_count, node_config]
  }

  # A node without these rights does not become ready, nor does the cluster.
  depends_on = [google_project_iam_member.nodes]
}
