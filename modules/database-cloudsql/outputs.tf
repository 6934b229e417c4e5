output "database" {
  description = "What workloads need to know of the server, the same for every managed PostgreSQL: host, port, the administrator's name, a revision that changes with its password, the command that prints it to those who may, the addresses where the server can be, and the authorities (PEM) that sign its certificate."
  value = {
    host                    = google_sql_database_instance.this.private_ip_address
    port                    = 5432
    admin_user              = var.admin.user
    admin_password_revision = google_secret_manager_secret_version.admin.version
    admin_password_command = {
      command = "gcloud"
      args = [
        "secrets", "versions", "access", google_secret_manager_secret_version.admin.version,
        "--project=${var.project}", "--secret=${google_secret_manager_secret.admin.secret_id}",
      ]
    }
    cidrs = [var.network.cidr]
    # The provider takes it for a secret, which the certificate of an authority is not.
    ca_certificates = nonsensitive(one(google_sql_database_instance.this.server_ca_cert[*].cert))
  }

  depends_on = [google_sql_user.admin]
}

output "connection_name" {
  description = "Name of the server for Google's own connectors and proxy."
  value       = google_sql_database_instance.this.connection_name
}

output "settings" {
  description = "What the server is made with: its machine, the revision of the administrator's password and who may read it, and whether the server is protected from deletion."
  value = {
    tier                = google_sql_database_instance.this.settings[0].tier
    edition             = google_sql_database_instance.this.settings[0].edition
    availability        = google_sql_database_instance.this.settings[0].availability_type
    password_revision   = tonumber(google_secret_manager_secret_version.admin.secret_data_wo_version)
    password_readers    = [for reader in google_secret_manager_secret_iam_member.reader : reader.member]
    deletion_protection = google_sql_database_instance.this.deletion_protection
  }
}
