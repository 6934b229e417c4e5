mock_provider "google" {}

variables {
  project = "example-project"
}

run "switches_on_what_an_environment_needs_and_leaves_it_on" {
  command = plan

  assert {
    condition = alltrue([
      for service in ["artifactregistry", "cloudkms", "compute", "container", "containerscanning", "secretmanager", "servicenetworking", "sqladmin"] :
      contains(keys(google_project_service.this), "${service}.googleapis.com")
    ])
    error_message = "the services of the modules must be on"
  }
  assert {
    condition     = alltrue([for service in google_project_service.this : !service.disable_on_destroy && service.project == "example-project"])
    error_message = "no service may be switched off with the module"
  }
  assert {
    condition     = output.project == "example-project"
    error_message = "the output must be the project"
  }
}

run "records_who_used_keys_and_secrets" {
  command = plan

  assert {
    condition     = toset(keys(google_project_iam_audit_config.this)) == toset(["cloudkms.googleapis.com", "secretmanager.googleapis.com"])
    error_message = "keys and secrets must be audited"
  }
  assert {
    condition = alltrue([
      for config in google_project_iam_audit_config.this :
      toset(config.audit_log_config[*].log_type) == toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    ])
    error_message = "every kind of access must be recorded"
  }
}

run "takes_other_services" {
  command = plan

  variables {
    services         = ["pubsub.googleapis.com"]
    data_access_logs = ["allServices"]
  }

  assert {
    condition     = keys(google_project_service.this) == ["pubsub.googleapis.com"] && keys(google_project_iam_audit_config.this) == ["allServices"]
    error_message = "the given services must be taken, and no others"
  }
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = "My Project"
  }

  expect_failures = [var.project]
}

run "refuses_a_service_that_is_no_api" {
  command = plan

  variables {
    services = ["container"]
  }

  expect_failures = [var.services]
}

run "refuses_an_audited_service_that_is_no_api" {
  command = plan

  variables {
    data_access_logs = ["everything"]
  }

  expect_failures = [var.data_access_logs]
}
