resource "google_sql_database_instance" "this" {
  project          = var.project
  region           = var.region
  name             = var.name
  database_version = var.database_version

  # Disks and backups.
  encryption_key_name = var.key

  # The way out: false, apply, then destroy. This one holds for Terraform, the one
  # in settings for everybody.
  deletion_protection = var.deletion_protection

  settings {
    tier                        = var.machine.tier
    edition                     = var.machine.edition
    availability_type           = var.machine.availability
    disk_type                   = "PD_SSD"
    disk_size                   = var.disk.size_gb
    disk_autoresize             = true
    disk_autoresize_limit       = var.disk.limit_gb
    user_labels                 = var.labels
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = true

    ip_configuration {
      ipv4_enabled       = false
      private_network    = var.network.network
      allocated_ip_range = var.network.range
      ssl_mode           = "ENCRYPTED_ONLY"
      # An authority that signs for this server alone: clients know it by an address,
      # which no certificate carries, so that the signature is all they can verify.
      # The regional authorities sign for everybody's servers.
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA"
    }

    backup_configuration {
      enabled                        = true
      location                       = var.region
      start_time                     = var.backups.start_time
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.backups.recovery_days

      backup_retention_settings {
        retention_unit   = "COUNT"
        retained_backups = var.backups.retained
      }
    }

    final_backup_config {
      enabled        = true
      retention_days = var.backups.final_days
    }

    maintenance_window {
      day          = var.maintenance.day
      hour         = var.maintenance.hour
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled = true
      # Who asked what: by the tags that applications send, not by their address.
      record_application_tags = true
      record_client_address   = false
    }

    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }

  lifecycle {
    # It grows by itself, and cannot shrink.
    ignore_changes = [settings[0].disk_size]
  }
}

locals {
  # Statements are not logged: those that set a role's password hold it.
  flags = merge({
    "log_checkpoints"    = "on"
    "log_connections"    = "on"
    "log_disconnections" = "on"
    "log_lock_waits"     = "on"
    "log_temp_files"     = "0"
  }, var.flags)
}
