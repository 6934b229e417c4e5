# The random provider is the real one: ephemeral resources cannot be mocked, and it
# talks to nobody.
mock_provider "google" {}

variables {
  project = "example-project"
  region  = "europe-west1"
  name    = "prod"
  key     = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/services"
  secrets = {
    "catalog/session-key" = { length = 48 }
    "catalog/stripe-key"  = { provided = true }
  }
}

run "has_each_secret_under_its_name_and_encrypted" {
  command = plan

  assert {
    condition = { for key, secret in google_secret_manager_secret.this : key => secret.secret_id } == {
      "catalog/session-key" = "prod_catalog_session-key"
      "catalog/stripe-key"  = "prod_catalog_stripe-key"
    }
    error_message = "each secret must be found under the environment's, the service's and its own name"
  }
  assert {
    condition = alltrue([
      for secret in google_secret_manager_secret.this :
      secret.replication[0].user_managed[0].replicas[0].location == "europe-west1" &&
      secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.key
    ])
    error_message = "secrets must be in the region, encrypted with the customer's key"
  }
}

run "tells_secrets_of_like_names_apart" {
  command = plan

  variables {
    secrets = { "shop/api-key" = {}, "shop-api/key" = {} }
  }

  assert {
    condition     = length(distinct([for secret in google_secret_manager_secret.this : secret.secret_id])) == 2
    error_message = "no two secrets may have one id"
  }
}

run "draws_random_values_and_leaves_the_others_to_people" {
  command = plan

  assert {
    condition     = keys(google_secret_manager_secret_version.this) == ["catalog/session-key"]
    error_message = "a secret that people provide must be made without a value"
  }
  assert {
    condition = (
      google_secret_manager_secret_version.this["catalog/session-key"].secret_data == null &&
      google_secret_manager_secret_version.this["catalog/session-key"].secret_data_wo == null
    )
    error_message = "the value must only pass through the write-only argument"
  }
}

run "draws_another_value_when_the_length_changes" {
  command = plan

  variables {
    secrets = { "catalog/session-key" = { length = 64 } }
  }

  assert {
    condition     = google_secret_manager_secret_version.this["catalog/session-key"].secret_data_wo_version == "64"
    error_message = "the length must be the version of the write-only value"
  }
}

run "keeps_what_is_deleted_by_mistake" {
  command = plan

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.deletion_protection && secret.version_destroy_ttl == "2592000s"])
    error_message = "secrets must be protected, and destroyed versions restorable for 30 days"
  }
}

run "lets_secrets_go_when_told" {
  command = plan

  variables {
    deletion_protection = false
    destroy_after_days  = 7
    labels              = { environment = "prod" }
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : !secret.deletion_protection && secret.version_destroy_ttl == "604800s" && secret.labels["environment"] == "prod"])
    error_message = "protection must go, and days and labels be the given ones"
  }
}

run "lets_nobody_in_who_is_not_named" {
  command = plan

  assert {
    condition     = length(google_secret_manager_secret_iam_member.this) == 0
    error_message = "nobody may read or set a secret who is not named"
  }
}

run "lets_readers_read_and_writers_write" {
  command = plan

  variables {
    secrets = { "catalog/stripe-key" = { provided = true } }
    readers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
    writers = { ann = "user:ann@example.org" }
  }

  assert {
    condition = { for name, grant in google_secret_manager_secret_iam_member.this : name => "${grant.secret_id} ${grant.role} ${grant.member}" } == {
      "catalog/stripe-key/secretAccessor/ci"      = "prod_catalog_stripe-key roles/secretmanager.secretAccessor serviceAccount:ci@example-project.iam.gserviceaccount.com"
      "catalog/stripe-key/viewer/ci"              = "prod_catalog_stripe-key roles/secretmanager.viewer serviceAccount:ci@example-project.iam.gserviceaccount.com"
      "catalog/stripe-key/secretVersionAdder/ann" = "prod_catalog_stripe-key roles/secretmanager.secretVersionAdder user:ann@example.org"
    }
    error_message = "readers must see values and their revisions, writers may add values and see none"
  }
}

run "tells_how_to_read_and_set_them_and_no_value" {
  command = plan

  assert {
    condition = output.secrets["catalog/stripe-key"] == {
      revision_command = {
        command = "gcloud"
        args = [
          "secrets", "versions", "list", "prod_catalog_stripe-key", "--project=example-project",
          "--filter=state:ENABLED", "--limit=1", "--format=value(name.basename())",
        ]
      }
      value_command = {
        command = "gcloud"
        args = [
          "secrets", "versions", "access", "REVISION", "--project=example-project", "--secret=prod_catalog_stripe-key",
          "--format=value[private](payload.data.decode(base64).decode(utf8))",
        ]
      }
      set_command = {
        command = "gcloud"
        args    = ["secrets", "versions", "add", "prod_catalog_stripe-key", "--project=example-project", "--data-file=-"]
      }
    }
    error_message = "the output must have the fields that every flavour has"
  }
  assert {
    condition     = toset(keys(output.secrets)) == toset(keys(var.secrets))
    error_message = "random secrets must be told too: people may set them"
  }
}

run "makes_nothing_without_secrets" {
  command = plan

  variables {
    secrets = {}
    readers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
  }

  assert {
    condition     = length(output.secrets) == 0 && length(google_secret_manager_secret_iam_member.this) == 0
    error_message = "an environment whose services have no secrets must have none"
  }
}
