mock_provider "google" {}

variables {
  project  = "example-project"
  location = "europe-west1"
  name     = "prod"
  key      = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/images"
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = "Example"
  }

  expect_failures = [var.project]
}

run "refuses_a_location_that_is_no_region" {
  command = plan

  variables {
    location = "europe"
  }

  expect_failures = [var.location]
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Prod_1"
  }

  expect_failures = [var.name]
}

run "refuses_a_key_that_is_none" {
  command = plan

  variables {
    key = "images"
  }

  expect_failures = [var.key]
}

run "refuses_a_remote_that_is_no_host" {
  command = plan

  variables {
    remotes = { "https://registry.k8s.io" = {} }
  }

  expect_failures = [var.remotes]
}

run "refuses_a_user_without_a_password" {
  command = plan

  variables {
    remotes = { "docker.io" = { username = "somebody" } }
  }

  expect_failures = [var.remotes]
}

run "refuses_a_password_that_is_no_secret" {
  command = plan

  variables {
    remotes = { "docker.io" = { username = "somebody", password_secret_version = "hunter2" } }
  }

  expect_failures = [var.remotes]
}

run "refuses_to_make_images_public" {
  command = plan

  variables {
    readers = { all = "allUsers" }
  }

  expect_failures = [var.readers]
}

run "refuses_to_let_everybody_push" {
  command = plan

  variables {
    writers = { all = "allAuthenticatedUsers" }
  }

  expect_failures = [var.writers]
}

run "refuses_to_keep_fewer_versions_than_the_release_record" {
  command = plan

  variables {
    cleanup = { keep_versions = 5 }
  }

  expect_failures = [var.cleanup]
}

run "refuses_to_delete_at_once" {
  command = plan

  variables {
    cleanup = { older_than_days = 0 }
  }

  expect_failures = [var.cleanup]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}
