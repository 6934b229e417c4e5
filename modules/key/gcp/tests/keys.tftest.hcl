mock_provider "google" {}

variables {
  project  = { id = "example-project", number = "123456789012" }
  location = "europe-west1"
  name     = "prod"
  keys = {
    secrets = { service_agents = ["kubernetes"] }
    data    = { service_agents = ["cloud_sql", "secret_manager"], rotation_days = 30, destroy_after_days = 60, protection_level = "HSM" }
  }
}

run "rotates_keys_and_refuses_to_destroy_them" {
  command = plan

  assert {
    condition = (
      google_kms_crypto_key.this["secrets"].rotation_period == "7776000s" &&
      google_kms_crypto_key.this["data"].rotation_period == "2592000s"
    )
    error_message = "keys must be rotated after 90 days, or as told"
  }
  assert {
    condition     = alltrue([for key in google_kms_crypto_key.this : key.deletion_policy == "PREVENT" && key.purpose == "ENCRYPT_DECRYPT" && key.version_template[0].algorithm == "GOOGLE_SYMMETRIC_ENCRYPTION"])
    error_message = "keys must be protected unless told otherwise"
  }
  assert {
    condition = (
      google_kms_crypto_key.this["secrets"].destroy_scheduled_duration == "2592000s" &&
      google_kms_crypto_key.this["data"].destroy_scheduled_duration == "5184000s"
    )
    error_message = "a destroyed version must be restorable for 30 days, or as told"
  }
  assert {
    condition = (
      google_kms_crypto_key.this["secrets"].version_template[0].protection_level == "SOFTWARE" &&
      google_kms_crypto_key.this["data"].version_template[0].protection_level == "HSM"
    )
    error_message = "the protection level must be the given one"
  }
  assert {
    condition     = google_kms_key_ring.this.location == "europe-west1" && google_kms_key_ring.this.name == "prod"
    error_message = "the ring must be in the region of what it encrypts"
  }
}

run "lets_the_named_services_use_a_key_and_no_others" {
  command = plan

  assert {
    condition = { for name, grant in google_kms_crypto_key_iam_member.this : name => grant.member } == {
      "secrets/kubernetes"  = "serviceAccount:service-123456789012@container-engine-robot.iam.gserviceaccount.com"
      "data/cloud_sql"      = "serviceAccount:service-123456789012@gcp-sa-cloud-sql.iam.gserviceaccount.com"
      "data/secret_manager" = "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
    }
    error_message = "each key must be granted to the agents that are named for it"
  }
  assert {
    condition     = alltrue([for grant in google_kms_crypto_key_iam_member.this : grant.role == "roles/cloudkms.cryptoKeyEncrypterDecrypter"])
    error_message = "agents may encrypt and decrypt, nothing else"
  }
}

run "knows_the_agents_of_nodes_and_registries" {
  command = plan

  variables {
    keys = { images = { service_agents = ["artifact_registry", "compute"] } }
  }

  assert {
    condition = toset([for grant in google_kms_crypto_key_iam_member.this : grant.member]) == toset([
      "serviceAccount:service-123456789012@gcp-sa-artifactregistry.iam.gserviceaccount.com",
      "serviceAccount:service-123456789012@compute-system.iam.gserviceaccount.com",
    ])
    error_message = "images and disks must be encrypted by those that keep them"
  }
}

run "lets_keys_go_when_told" {
  command = plan

  variables {
    deletion_protection = false
    labels              = { environment = "prod" }
  }

  assert {
    condition     = alltrue([for key in google_kms_crypto_key.this : key.deletion_policy == "DELETE" && key.labels["environment"] == "prod"])
    error_message = "protection must go, and labels must be taken"
  }
}

run "tells_the_ids" {
  command = plan

  override_resource {
    target          = google_kms_crypto_key.this
    override_during = plan
    values          = { id = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/a" }
  }

  assert {
    condition     = output.keys["secrets"] == "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/a"
    error_message = "the output must be the keys' ids"
  }
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = { id = "Project", number = "123456789012" }
  }

  expect_failures = [var.project]
}

run "refuses_a_project_number_that_is_none" {
  command = plan

  variables {
    project = { id = "example-project", number = "example-project" }
  }

  expect_failures = [var.project]
}

run "refuses_a_location_that_is_no_region" {
  command = plan

  variables {
    location = "global"
  }

  expect_failures = [var.location]
}

run "refuses_a_ring_name_that_google_refuses" {
  command = plan

  variables {
    name = "prod keys"
  }

  expect_failures = [var.name]
}

run "refuses_no_keys" {
  command = plan

  variables {
    keys = {}
  }

  expect_failures = [var.keys]
}

run "refuses_an_unknown_service_agent" {
  command = plan

  variables {
    keys = { secrets = { service_agents = ["everyone"] } }
  }

  expect_failures = [var.keys]
}

run "refuses_keys_that_are_hardly_rotated" {
  command = plan

  variables {
    keys = { secrets = { service_agents = ["kubernetes"], rotation_days = 366 } }
  }

  expect_failures = [var.keys]
}

run "refuses_keys_that_are_gone_at_once" {
  command = plan

  variables {
    keys = { secrets = { service_agents = ["kubernetes"], destroy_after_days = 1 } }
  }

  expect_failures = [var.keys]
}

run "refuses_an_unknown_protection_level" {
  command = plan

  variables {
    keys = { secrets = { service_agents = ["kubernetes"], protection_level = "PAPER" } }
  }

  expect_failures = [var.keys]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}
