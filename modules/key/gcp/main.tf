locals {
  # Google's own accounts that act for a service in this project.
  agent_domains = {
    artifact_registry = "gcp-sa-artifactregistry"
    cloud_sql         = "gcp-sa-cloud-sql"
    compute           = "compute-system"
    kubernetes        = "container-engine-robot"
    secret_manager    = "gcp-sa-secretmanager"
  }

  grants = merge([
    for name, key in var.keys : {
      for agent in key.service_agents : "${name}/${agent}" => {
        key    = name
        member = "serviceAccount:service-${var.project.number}@${local.agent_domains[agent]}.iam.gserviceaccount.com"
      }
    }
  ]...)
}

resource "google_kms_key_ring" "this" {
  project  = var.project.id
  name     = var.name
  location = var.location
}

resource "google_kms_crypto_key" "this" {
  for_each = var.keys

  name            = each.key
  key_ring        = google_kms_key_ring.this.id
  purpose         = "ENCRYPT_DECRYPT"
  rotation_period = "${each.value.rotation_days * 86400}s"
  # A key that is destroyed makes everything that it encrypted unreadable.
  deletion_policy            = var.deletion_protection ? "PREVENT" : "DELETE"
  destroy_scheduled_duration = "${each.value.destroy_after_days * 86400}s"
  labels                     = var.labels

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = each.value.protection_level
  }
}

resource "google_kms_crypto_key_iam_member" "this" {
  for_each = local.grants

  crypto_key_id = google_kms_crypto_key.this[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value.member
}
