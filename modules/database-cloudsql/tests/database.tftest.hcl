# Ephemeral resources cannot be mocked, so both providers are the real ones. Nothing
# is asked of Google: what does not exist yet is only planned, by a token that nobody
# gave and in a domain that is none.
provider "google" {
  project         = "example-project"
  access_token    = "offline"
  universe_domain = "offline.invalid"
}

variables {
  project = "example-project"
  region  = "europe-west1"
  name    = "prod"
  network = { network = "projects/example-project/global/networks/prod", range = "prod-private-services", cidr = "10.2.0.0/16" }
  key     = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/database"
}

run "answers_inside_the_network_by_tls_alone" {
  command = plan

  assert {
    condition = (
      !google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled &&
      google_sql_database_instance.this.settings[0].ip_configuration[0].private_network == var.network.network &&
      google_sql_database_instance.this.settings[0].ip_configuration[0].allocated_ip_range == "prod-private-services" &&
      length(google_sql_database_instance.this.settings[0].ip_configuration[0].authorized_networks) == 0
    )
    error_message = "the server must have a private address and no other"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "nobody may connect without TLS"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].server_ca_mode == "GOOGLE_MANAGED_INTERNAL_CA"
    error_message = "its authority must sign for no other server: clients verify nothing but the signature"
  }
}

run "has_a_standby_and_backups_to_any_moment" {
  command = plan

  assert {
    condition = (
      google_sql_database_instance.this.database_version == "POSTGRES_17" &&
      google_sql_database_instance.this.settings[0].availability_type == "REGIONAL" &&
      google_sql_database_instance.this.settings[0].edition == "ENTERPRISE" &&
      google_sql_database_instance.this.settings[0].tier == "db-custom-2-8192"
    )
    error_message = "there must be a standby in another zone"
  }
  assert {
    condition = (
      google_sql_database_instance.this.settings[0].backup_configuration[0].enabled &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].transaction_log_retention_days == 7 &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].start_time == "03:00" &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].location == "europe-west1" &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30 &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].backup_retention_settings[0].retention_unit == "COUNT"
    )
    error_message = "thirty backups and a week of transactions must be kept"
  }
  assert {
    condition = (
      google_sql_database_instance.this.settings[0].final_backup_config[0].enabled &&
      google_sql_database_instance.this.settings[0].final_backup_config[0].retention_days == 30 &&
      google_sql_database_instance.this.settings[0].retain_backups_on_delete
    )
    error_message = "backups must outlive the server"
  }
  assert {
    condition = (
      google_sql_database_instance.this.settings[0].disk_type == "PD_SSD" &&
      google_sql_database_instance.this.settings[0].disk_autoresize &&
      google_sql_database_instance.this.settings[0].disk_size == 20 &&
      google_sql_database_instance.this.settings[0].disk_autoresize_limit == 200
    )
    error_message = "the disk must grow, within bounds"
  }
  assert {
    condition = (
      google_sql_database_instance.this.settings[0].maintenance_window[0].update_track == "stable" &&
      google_sql_database_instance.this.settings[0].maintenance_window[0].day == 7 &&
      google_sql_database_instance.this.settings[0].maintenance_window[0].hour == 4
    )
    error_message = "updates must come on Sunday night"
  }
}

run "is_encrypted_and_protected" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.encryption_key_name == var.key
    error_message = "disks must be encrypted with the customer's key"
  }
  assert {
    condition = (
      google_sql_database_instance.this.deletion_protection &&
      google_sql_database_instance.this.settings[0].deletion_protection_enabled &&
      google_secret_manager_secret.admin.deletion_protection
    )
    error_message = "server and secret must not be deleted by mistake, by whomever"
  }
}

run "keeps_the_password_in_secret_manager_alone" {
  command = plan

  assert {
    condition     = google_secret_manager_secret.admin.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.key
    error_message = "the secret must be encrypted with the customer's key"
  }
  assert {
    condition = (
      google_secret_manager_secret_version.admin.secret_data_wo == null &&
      google_secret_manager_secret_version.admin.secret_data == null &&
      google_secret_manager_secret_version.admin.secret_data_wo_version == "1"
    )
    error_message = "the plan must not have the password"
  }
  assert {
    condition     = google_sql_user.admin.password_wo == null && google_sql_user.admin.password == null && google_sql_user.admin.name == "postgres"
    error_message = "nor may the user"
  }
  assert {
    condition     = google_sql_user.admin.deletion_policy == "ABANDON"
    error_message = "the administrator must go with the server: it owns things that cannot be dropped"
  }
  assert {
    condition     = length(google_secret_manager_secret_iam_member.reader) == 0
    error_message = "nobody may read it who is not named"
  }
}

run "tells_workloads_how_to_reach_it_and_where_the_password_is" {
  command = plan

  override_resource {
    target          = google_sql_database_instance.this
    override_during = plan
    values = {
      private_ip_address = "10.2.0.3"
      connection_name    = "example-project:europe-west1:prod"
      server_ca_cert     = [{ cert = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" }]
    }
  }

  assert {
    condition = (
      output.database.host == "10.2.0.3" && output.database.port == 5432 &&
      output.database.admin_user == "postgres" && output.database.cidrs == ["10.2.0.0/16"]
    )
    error_message = "the server must be told, and where it is"
  }
  assert {
    condition     = output.database.ca_certificates == "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" && !issensitive(output.database.ca_certificates)
    error_message = "its authority must be told, which is no secret"
  }
  # The version of the secret is Google's to say.
  assert {
    condition = output.database.admin_password_command.command == "gcloud" && (
      slice(output.database.admin_password_command.args, 0, 3) == ["secrets", "versions", "access"] &&
      slice(output.database.admin_password_command.args, 4, 6) == ["--project=example-project", "--secret=prod-admin-password"]
    )
    error_message = "the password must be asked of Secret Manager"
  }
  assert {
    condition     = output.connection_name == "example-project:europe-west1:prod"
    error_message = "Google's connectors must be told the name"
  }
}

run "logs_who_connects_and_no_statement" {
  command = plan

  assert {
    condition = { for flag in google_sql_database_instance.this.settings[0].database_flags : flag.name => flag.value } == {
      log_checkpoints    = "on"
      log_connections    = "on"
      log_disconnections = "on"
      log_lock_waits     = "on"
      log_temp_files     = "0"
    }
    error_message = "connections must be logged, statements must not"
  }
  assert {
    condition = (
      google_sql_database_instance.this.settings[0].insights_config[0].query_insights_enabled &&
      google_sql_database_instance.this.settings[0].insights_config[0].record_application_tags &&
      !google_sql_database_instance.this.settings[0].insights_config[0].record_client_address
    )
    error_message = "slow queries must be found"
  }
}

run "takes_what_else_is_given" {
  command = plan

  variables {
    database_version    = "POSTGRES_18"
    machine             = { tier = "db-perf-optimized-N-4", edition = "ENTERPRISE_PLUS", availability = "ZONAL" }
    disk                = { size_gb = 100, limit_gb = 0 }
    backups             = { start_time = "23:30", retained = 7, recovery_days = 35, final_days = 365 }
    maintenance         = { day = 1, hour = 0 }
    flags               = { log_temp_files = "1024", max_connections = "300" }
    admin               = { user = "keeper", password_revision = 3, readers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" } }
    deletion_protection = false
    labels              = { environment = "prod" }
  }

  assert {
    condition = (
      google_sql_database_instance.this.database_version == "POSTGRES_18" &&
      google_sql_database_instance.this.settings[0].tier == "db-perf-optimized-N-4" &&
      google_sql_database_instance.this.settings[0].availability_type == "ZONAL" &&
      google_sql_database_instance.this.settings[0].disk_size == 100 &&
      google_sql_database_instance.this.settings[0].disk_autoresize_limit == 0 &&
      google_sql_database_instance.this.settings[0].backup_configuration[0].transaction_log_retention_days == 35 &&
      google_sql_database_instance.this.settings[0].maintenance_window[0].hour == 0
    )
    error_message = "version, machine, disk, backups and maintenance must be the given ones"
  }
  assert {
    condition     = one([for flag in google_sql_database_instance.this.settings[0].database_flags : flag.value if flag.name == "log_temp_files"]) == "1024"
    error_message = "a given flag must take the place of ours"
  }
  assert {
    condition = (
      google_sql_user.admin.name == "keeper" &&
      google_secret_manager_secret_version.admin.secret_data_wo_version == "3" &&
      google_secret_manager_secret_iam_member.reader["ci"].role == "roles/secretmanager.secretAccessor"
    )
    error_message = "the administrator must be as given"
  }
  assert {
    condition = (
      !google_sql_database_instance.this.deletion_protection &&
      !google_sql_database_instance.this.settings[0].deletion_protection_enabled &&
      !google_secret_manager_secret.admin.deletion_protection &&
      google_sql_database_instance.this.settings[0].user_labels["environment"] == "prod"
    )
    error_message = "protection must go when told, and labels must be taken"
  }
}
