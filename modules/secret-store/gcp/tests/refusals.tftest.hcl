# One refusal for each validation. The random provider is the real one: ephemeral
# resources cannot be mocked, and it talks to nobody.
mock_provider "google" {}

variables {
  project = "example-project"
  region  = "europe-west1"
  name    = "prod"
  key     = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/services"
  secrets = { "catalog/session-key" = {} }
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = "Example"
  }

  expect_failures = [var.project]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "europe"
  }

  expect_failures = [var.region]
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "prod_eu"
  }

  expect_failures = [var.name]
}

run "refuses_a_key_that_is_none" {
  command = plan

  variables {
    key = "services"
  }

  expect_failures = [var.key]
}

run "refuses_a_secret_of_no_service" {
  command = plan

  variables {
    secrets = { stripe-key = {} }
  }

  expect_failures = [var.secrets]
}

run "refuses_values_that_can_be_guessed" {
  command = plan

  variables {
    secrets = { "catalog/session-key" = { length = 8 } }
  }

  expect_failures = [var.secrets]
}

run "refuses_to_tell_everybody" {
  command = plan

  variables {
    readers = { all = "allUsers" }
  }

  expect_failures = [var.readers]
}

run "refuses_values_from_everybody" {
  command = plan

  variables {
    writers = { all = "allAuthenticatedUsers" }
  }

  expect_failures = [var.writers]
}

run "refuses_to_destroy_at_once" {
  command = plan

  variables {
    destroy_after_days = 0
  }

  expect_failures = [var.destroy_after_days]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}
