mock_provider "google" {}

variables {
  project = "example-project"
  region  = "europe-west1"
  name    = "prod"
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = "Example"
  }

  expect_failures = [var.project]
}

run "refuses_a_zone_for_a_region" {
  command = plan

  variables {
    region = "europe-west1-b"
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

run "refuses_a_range_that_is_none" {
  command = plan

  variables {
    ranges = { nodes = "10.0.0.0" }
  }

  expect_failures = [var.ranges]
}

run "refuses_a_range_of_public_addresses" {
  command = plan

  variables {
    ranges = { nodes = "34.0.0.0/20" }
  }

  expect_failures = [var.ranges]
}

run "refuses_a_range_that_reaches_beyond_private_ones" {
  command = plan

  variables {
    ranges = { pods = "10.0.0.0/7" }
  }

  expect_failures = [var.ranges]
}

run "refuses_ranges_that_overlap" {
  command = plan

  variables {
    ranges = { services = "10.4.16.0/20" }
  }

  expect_failures = [var.ranges]
}

run "refuses_the_same_range_twice" {
  command = plan

  variables {
    ranges = { services = "10.0.0.0/20" }
  }

  expect_failures = [var.ranges]
}

run "refuses_to_sample_no_flow" {
  command = plan

  variables {
    flow_logs = { sampling = 0 }
  }

  expect_failures = [var.flow_logs]
}

run "refuses_an_unknown_interval" {
  command = plan

  variables {
    flow_logs = { interval = "INTERVAL_1_DAY" }
  }

  expect_failures = [var.flow_logs]
}

run "refuses_a_number_of_addresses_below_none" {
  command = plan

  variables {
    nat = { addresses = -1 }
  }

  expect_failures = [var.nat]
}

run "refuses_ports_that_are_no_power_of_two" {
  command = plan

  variables {
    nat = { min_ports = 100 }
  }

  expect_failures = [var.nat]
}

run "refuses_more_ports_at_least_than_at_most" {
  command = plan

  variables {
    nat = { min_ports = 4096, max_ports = 64 }
  }

  expect_failures = [var.nat]
}

run "refuses_an_unknown_deletion_policy" {
  command = plan

  variables {
    private_services_deletion_policy = "FORGET"
  }

  expect_failures = [var.private_services_deletion_policy]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}
