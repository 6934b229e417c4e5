mock_provider "kind" {}

run "is_three_nodes_beside_dev" {
  command = plan

  assert {
    condition     = local.nodes[*].role == ["control-plane", "worker", "worker"]
    error_message = "pods must have two workers to be spread over"
  }
  assert {
    condition     = output.registry == { host = "localhost:5002", push = "localhost:5002", insecure = true } && output.ingress.https_port == 8443
    error_message = "its ports must be others than those of dev"
  }
  assert {
    condition     = output.database == null && output.secrets == null
    error_message = "database and secrets must be this machine's"
  }
}

run "has_as_many_control_planes_as_are_asked_for" {
  command = plan

  variables {
    control_planes = 3
  }

  assert {
    condition     = local.nodes[*].role == ["control-plane", "control-plane", "control-plane", "worker", "worker"]
    error_message = "there must be three control planes"
  }
}

run "refuses_control_planes_without_a_majority" {
  command = plan

  variables {
    control_planes = 2
  }

  expect_failures = [var.control_planes]
}

run "refuses_a_number_of_workers_below_none" {
  command = plan

  variables {
    workers = -1
  }

  expect_failures = [var.workers]
}
