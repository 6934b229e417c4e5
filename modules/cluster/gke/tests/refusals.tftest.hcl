mock_provider "google" {}

variables {
  project = "example-project"
  name    = "prod"
  region  = "europe-west1"
  network = {
    network        = "projects/example-project/global/networks/prod"
    subnetwork     = "projects/example-project/regions/europe-west1/subnetworks/prod"
    pods_range     = "prod-pods"
    services_range = "prod-services"
  }
  keys = {
    secrets = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/secrets"
    disks   = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/disks"
  }
}

run "refuses_a_project_that_is_no_id" {
  command = plan

  variables {
    project = "Example"
  }

  expect_failures = [var.project]
}

run "refuses_a_name_that_is_too_long_for_the_nodes_account" {
  command = plan

  variables {
    name = "a-name-of-twenty-five-chars"
  }

  expect_failures = [var.name]
}

run "refuses_a_zone_for_a_region" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "refuses_a_zone_of_another_region" {
  command = plan

  variables {
    zones = ["europe-west4-a", "europe-west1-b"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_single_zone" {
  command = plan

  variables {
    zones = ["europe-west1-b"]
  }

  expect_failures = [var.zones]
}

run "refuses_the_same_zone_twice" {
  command = plan

  variables {
    zones = ["europe-west1-b", "europe-west1-b"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_network_without_ranges" {
  command = plan

  variables {
    network = { network = "a", subnetwork = "b", pods_range = "", services_range = "d" }
  }

  expect_failures = [var.network]
}

run "refuses_a_key_that_is_none" {
  command = plan

  variables {
    keys = { secrets = "", disks = "projects/p/locations/l/keyRings/r/cryptoKeys/k" }
  }

  expect_failures = [var.keys]
}

run "refuses_a_group_that_gke_refuses" {
  command = plan

  variables {
    security_group = "admins@example.com"
  }

  expect_failures = [var.security_group]
}

run "refuses_unknown_logs" {
  command = plan

  variables {
    logs = ["SYSTEM_COMPONENTS", "APISERVER", "ETCD"]
  }

  expect_failures = [var.logs]
}

run "refuses_to_leave_the_api_server_unlogged" {
  command = plan

  variables {
    logs = ["SYSTEM_COMPONENTS", "WORKLOADS"]
  }

  expect_failures = [var.logs]
}

run "refuses_metrics_that_gke_refuses" {
  command = plan

  variables {
    metrics = ["APISERVER"]
  }

  expect_failures = [var.metrics]
}

run "refuses_a_cluster_outside_of_release_channels" {
  command = plan

  variables {
    release_channel = "UNSPECIFIED"
  }

  expect_failures = [var.release_channel]
}

run "refuses_a_maintenance_that_ends_before_it_starts" {
  command = plan

  variables {
    maintenance = { start = "2026-01-03T07:00:00Z", end = "2026-01-03T01:00:00Z" }
  }

  expect_failures = [var.maintenance]
}

run "refuses_times_that_are_not_in_utc" {
  command = plan

  variables {
    maintenance = { start = "2026-01-03T01:00:00+01:00", end = "2026-01-03T07:00:00+01:00" }
  }

  expect_failures = [var.maintenance]
}

run "refuses_an_exclusion_that_ends_before_it_starts" {
  command = plan

  variables {
    maintenance = { exclusions = { sale = { start = "2026-12-01T00:00:00Z", end = "2026-11-20T00:00:00Z" } } }
  }

  expect_failures = [var.maintenance]
}

run "refuses_a_maintenance_that_is_too_short" {
  command = plan

  variables {
    maintenance = { start = "2026-01-03T01:00:00Z", end = "2026-01-03T03:00:00Z" }
  }

  expect_failures = [var.maintenance]
}

run "refuses_a_maintenance_once_a_year" {
  command = plan

  variables {
    maintenance = { recurrence = "FREQ=YEARLY" }
  }

  expect_failures = [var.maintenance]
}

run "refuses_an_unknown_exclusion" {
  command = plan

  variables {
    maintenance = { exclusions = { sale = { start = "2026-11-20T00:00:00Z", end = "2026-12-01T00:00:00Z", scope = "NOTHING" } } }
  }

  expect_failures = [var.maintenance]
}

run "refuses_a_topic_that_is_none" {
  command = plan

  variables {
    notification_topic = "upgrades"
  }

  expect_failures = [var.notification_topic]
}

run "refuses_labels_that_google_refuses" {
  command = plan

  variables {
    labels = { Environment = "Prod" }
  }

  expect_failures = [var.labels]
}

run "refuses_no_node_pools" {
  command = plan

  variables {
    node_pools = {}
  }

  expect_failures = [var.node_pools]
}

run "refuses_a_pool_name_that_is_too_long" {
  command = plan

  variables {
    node_pools = { a-name-of-15-ch = {} }
  }

  expect_failures = [var.node_pools]
}

run "refuses_fewer_nodes_at_most_than_at_least" {
  command = plan

  variables {
    node_pools = { general = { nodes = { min = 5, max = 4 } } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_pools_of_spot_machines_alone" {
  command = plan

  variables {
    node_pools = { spot = { spot = true } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_pools_that_take_no_pod" {
  command = plan

  variables {
    node_pools = { general = { taints = [{ key = "a", effect = "NO_EXECUTE" }] } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_a_pool_that_may_be_empty_alone" {
  command = plan

  variables {
    node_pools = { general = { nodes = { min = 0, max = 3 } } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_a_disk_that_is_too_small" {
  command = plan

  variables {
    node_pools = { general = { disk = { size_gb = 10 } } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_an_unknown_taint_effect" {
  command = plan

  variables {
    node_pools = { general = {}, other = { taints = [{ key = "a", effect = "NoSchedule" }] } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_more_pods_than_a_node_takes" {
  command = plan

  variables {
    node_pools = { general = { max_pods_per_node = 500 } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_an_upgrade_that_cannot_begin" {
  command = plan

  variables {
    node_pools = { general = { upgrade = { max_surge = 0, max_unavailable = 0 } } }
  }

  expect_failures = [var.node_pools]
}

run "refuses_a_port_that_is_none" {
  command = plan

  variables {
    ingress = { http_port = 0 }
  }

  expect_failures = [var.ingress]
}

run "refuses_one_port_for_both" {
  command = plan

  variables {
    ingress = { http_port = 8080, https_port = 8080 }
  }

  expect_failures = [var.ingress]
}
