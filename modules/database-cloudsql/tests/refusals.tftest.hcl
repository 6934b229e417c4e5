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
    name = "Prod_1"
  }

  expect_failures = [var.name]
}

run "refuses_a_network_without_a_range" {
  command = plan

  variables {
    network = { network = "projects/example-project/global/networks/prod", range = "", cidr = "10.2.0.0/16" }
  }

  expect_failures = [var.network]
}

run "refuses_a_network_that_is_no_id" {
  command = plan

  variables {
    network = { network = "prod", range = "prod-private-services", cidr = "10.2.0.0/16" }
  }

  expect_failures = [var.network]
}

run "refuses_a_key_that_is_none" {
  command = plan

  variables {
    key = "database"
  }

  expect_failures = [var.key]
}

run "refuses_another_database" {
  command = plan

  variables {
    database_version = "MYSQL_8_0"
  }

  expect_failures = [var.database_version]
}

run "refuses_an_unknown_edition" {
  command = plan

  variables {
    machine = { edition = "FREE" }
  }

  expect_failures = [var.machine]
}

run "refuses_a_tier_of_another_edition" {
  command = plan

  variables {
    machine = { edition = "ENTERPRISE_PLUS" }
  }

  expect_failures = [var.machine]
}

run "refuses_an_unknown_availability" {
  command = plan

  variables {
    machine = { availability = "SOMETIMES" }
  }

  expect_failures = [var.machine]
}

run "refuses_a_disk_that_is_too_small" {
  command = plan

  variables {
    disk = { size_gb = 5 }
  }

  expect_failures = [var.disk]
}

run "refuses_a_limit_below_the_size" {
  command = plan

  variables {
    disk = { size_gb = 100, limit_gb = 50 }
  }

  expect_failures = [var.disk]
}

run "refuses_a_time_that_is_none" {
  command = plan

  variables {
    backups = { start_time = "3 am" }
  }

  expect_failures = [var.backups]
}

run "refuses_too_few_backups" {
  command = plan

  variables {
    backups = { retained = 1 }
  }

  expect_failures = [var.backups]
}

run "refuses_more_days_than_the_edition_keeps" {
  command = plan

  variables {
    backups = { recovery_days = 8 }
  }

  expect_failures = [var.backups]
}

run "refuses_a_last_backup_that_goes_at_once" {
  command = plan

  variables {
    backups = { final_days = 0 }
  }

  expect_failures = [var.backups]
}

run "refuses_a_day_that_is_none" {
  command = plan

  variables {
    maintenance = { day = 8 }
  }

  expect_failures = [var.maintenance]
}

run "refuses_to_log_passwords" {
  command = plan

  variables {
    flags = { log_statement = "ddl" }
  }

  expect_failures = [var.flags]
}

run "refuses_an_administrator_that_postgresql_reserves" {
  command = plan

  variables {
    admin = { user = "pg_admin" }
  }

  expect_failures = [var.admin]
}

run "refuses_a_password_revision_that_is_no_number_of_a_revision" {
  command = plan

  variables {
    admin = { password_revision = 0 }
  }

  expect_failures = [var.admin]
}

run "refuses_to_tell_everybody_the_password" {
  command = plan

  variables {
    admin = { readers = { all = "allUsers" } }
  }

  expect_failures = [var.admin]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}

run "refuses_addresses_that_are_none" {
  command = plan

  variables {
    network = { network = "projects/example-project/global/networks/prod", range = "prod-private-services", cidr = "10.2.0.0" }
  }

  expect_failures = [var.network]
}
