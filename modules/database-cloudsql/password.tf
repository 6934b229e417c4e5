# The administrator's password is drawn while Terraform runs, and goes into Secret
# Manager. It is in no state and no plan. Every run draws another one, which is sent
# only with a new revision.
ephemeral "random_password" "admin" {
  length  = 32
  special = false
}

resource "google_secret_manager_secret" "admin" {
  project             = var.project
  secret_id           = "${var.name}-admin-password"
  labels              = var.labels
  deletion_protection = var.deletion_protection

  replication {
    user_managed {
      replicas {
        location = var.region

        customer_managed_encryption {
          kms_key_name = var.key
        }
      }
    }
  }
}

resource "google_secret_manager_secret_version" "admin" {
  secret                 = google_secret_manager_secret.admin.id
  secret_data_wo         = ephemeral.random_password.admin.result
  secret_data_wo_version = tostring(var.admin.password_revision)

  lifecycle {
    # The server has the old one until it is told the new one.
    create_before_destroy = true
  }
}

# Read back, so that the server gets what Secret Manager has, even when a run ends
# between the two.
ephemeral "google_secret_manager_secret_version" "admin" {
  project = var.project
  secret  = google_secret_manager_secret.admin.secret_id
  version = google_secret_manager_secret_version.admin.version
}

resource "google_sql_user" "admin" {
  project     = var.project
  instance    = google_sql_database_instance.this.name
  name        = var.admin.user
  password_wo = ephemeral.google_secret_manager_secret_version.admin.secret_data
  # The secret's own number: a version that somebody made anew is sent, too.
  password_wo_version = tonumber(google_secret_manager_secret_version.admin.version)

  # A role that owns something cannot be dropped; it goes with the server.
  deletion_policy = "ABANDON"
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = var.admin.readers

  project   = var.project
  secret_id = google_secret_manager_secret.admin.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value
}
