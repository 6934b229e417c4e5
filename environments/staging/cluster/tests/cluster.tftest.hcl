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

run "runs_beside_another_under_its_own_name_and_ports" {
  command = plan

  variables {
    name          = "second"
    http_port     = 28080
    https_port    = 28443
    registry_port = 25001
    workers       = 3
  }

  assert {
    condition     = output.registry.host == "localhost:25001" && output.ingress.http_port == 28080 && output.ingress.https_port == 28443
    error_message = "the given ports must be taken"
  }
  assert {
    condition     = module.registry.mirrors["localhost:25001"] == ["http://second-registry:5000"] && nonsensitive(output.cluster.name) == "second"
    error_message = "cluster and registry must carry the name"
  }
  assert {
    condition     = local.nodes[*].role == ["control-plane", "worker", "worker", "worker"]
    error_message = "there must be three workers"
  }
}

run "asks_a_mirror_of_a_published_registry_after_the_local_one" {
  command = plan

  variables {
    registry_mirrors = { "docker.io" = ["https://mirror.example.com/v2/docker.io"] }
  }

  assert {
    condition     = local.registry_mirrors["docker.io"] == ["http://staging-registry:5000/v2/docker.io", "https://mirror.example.com/v2/docker.io"]
    error_message = "the mirror must come after the local registry"
  }
}

run "runs_the_images_that_are_given" {
  command = plan

  variables {
    node_image     = "localhost/node:0c1d"
    registry_image = "localhost/registry:0c1d"
  }

  assert {
    condition     = module.cluster.node_image == "localhost/node:0c1d" && module.registry.image == "localhost/registry:0c1d"
    error_message = "nodes and registry must run what the supply built"
  }
}
