locals {
  random = { for key, secret in var.secrets : key => secret if !secret.provided }

  # The permission to read a value is not the one to see which values there are.
  roles = {
    secretAccessor     = var.readers
    viewer             = var.readers
    secretVersionAdder = var.writers
  }
  grants = merge(flatten([
    for key in keys(var.secrets) : [
      for role, members in local.roles : {
        for name, member in members : "${key}/${role}/${name}" => { secret = key, role = "roles/secretmanager.${role}", member = member }
      }
    ]
  ])...)
}

# The first value of a random secret. It goes from here into Secret Manager and is in
# no state and no plan: the resource is ephemeral, the argument write-only. Every run
# draws another one, which is sent only when the secret is made or its length changes.
ephemeral "random_password" "this" {
  for_each = local.random

  length  = each.value.length
  special = false
}

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project = var.project
  # An underscore is in no name of a service or a secret, so no two have one id.
  secret_id           = "${var.name}_${replace(each.key, "/", "_")}"
  labels              = var.labels
  deletion_protection = var.deletion_protection
  version_destroy_ttl = "${var.destroy_after_days * 86400}s"

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

resource "google_secret_manager_secret_version" "this" {
  for_each = local.random

  secret                 = google_secret_manager_secret.this[each.key].id
  secret_data_wo         = ephemeral.random_password.this[each.key].result
  secret_data_wo_version = tostring(each.value.length)

  lifecycle {
    # The old one is in use until there is another.
    create_before_destroy = true
    # Once there are newer ones, people may disable it.
    ignore_changes = [enabled]
  }
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = local.grants

  project   = var.project
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = each.value.role
  member    = each.value.member
}
