locals {
  workload_pool = "${var.project}.svc.id.goog"

  # A region has three zones or more, of which GKE takes three.
  zone_count = length(var.zones) == 0 ? 3 : length(var.zones)

  # What nodes may do is a matter of their account's roles, not of scopes.
  oauth_scopes = ["https://www.googleapis.com/auth/cloud-platform"]
}

resource "google_service_account" "nodes" {
  project      = var.project
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
  description  = "Writes logs and metrics, pulls images."
}

# Logs, metrics and what else a node itself does. Registries grant it to pull.
resource "google_project_iam_member" "nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

resource "google_container_node_pool" "this" {
  for_each = var.node_pools

  project  = var.project
  cluster  = google_container_cluster.this.id
  location = var.region
  # A pool that has to be replaced is there before the old one goes, under another
  # name.
  name_prefix       = "${each.key}-"
  max_pods_per_node = each.value.max_pods_per_node
  node_locations    = length(var.zones) == 0 ? null : var.zones

  initial_node_count = ceil(each.value.nodes.min / local.zone_count)

  autoscaling {
    total_min_node_count = each.value.nodes.min
    total_max_node_count = each.value.nodes.max
    location_policy      = each.value.spot ? "ANY" : "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = each.value.upgrade.max_surge
    max_unavailable = each.value.upgrade.max_unavailable
  }

  node_drain_config {
    respect_pdb_during_node_pool_deletion = true
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type      = each.value.machine_type
    image_type        = "COS_CONTAINERD"
    spot              = each.value.spot
    service_account   = google_service_account.nodes.email
    oauth_scopes      = local.oauth_scopes
    boot_disk_kms_key = var.keys.disks
    labels            = each.value.labels
    resource_labels   = var.labels
    tags              = ["${var.name}-nodes"]
    metadata          = local.node_metadata

    boot_disk {
      disk_type = each.value.disk.type
      size_gb   = each.value.disk.size_gb
    }

    dynamic "taint" {
      for_each = each.value.taints
      content {
        key    = taint.value.key
        value  = taint.value.value
        effect = taint.value.effect
      }
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }
    # Pods get tokens of their own account, never those of the node.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }
    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
    gvnic {
      enabled = true
    }
  }

  lifecycle {
    create_before_destroy = true
    # The autoscaler has the say after the first moment.
    ignore_changes = [initial_node_count]
  }

  depends_on = [google_project_iam_member.nodes]
}
