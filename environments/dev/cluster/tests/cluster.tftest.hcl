mock_provider "kind" {}

run "is_one_node_and_a_registry_on_one_network" {
  command = plan

  assert {
    condition     = output.registry == { host = "localhost:5001", push = "localhost:5001", insecure = true }
    error_message = "the registry must be at localhost:5001"
  }
  assert {
    condition     = output.ingress == { http_port = 80, https_port = 443, node_ports = { http = 30080, https = 30043 } }
    error_message = "services must answer on the usual ports"
  }
  assert {
    condition     = module.registry.mirrors["localhost:5001"] == ["http://dev-registry:5000"]
    error_message = "the nodes must find the registry by its container's name"
  }
}

run "runs_beside_another_under_its_own_name_and_ports" {
  command = plan

  variables {
    name          = "second"
    http_port     = 18080
    https_port    = 18443
    registry_port = 15001
    workers       = 2
  }

  assert {
    condition     = output.registry.host == "localhost:15001" && output.ingress.http_port == 18080 && output.ingress.https_port == 18443
    error_message = "the given ports must be taken"
  }
  assert {
    condition     = module.registry.mirrors["localhost:15001"] == ["http://second-registry:5000"]
    error_message = "the registry must carry the cluster's name"
  }
}

run "has_as_many_nodes_as_are_asked_for" {
  command = plan

  variables {
    control_planes = 3
    workers        = 2
  }

  assert {
    condition     = local.nodes[*].role == ["control-plane", "control-plane", "control-plane", "worker", "worker"]
    error_message = "there must be three control planes and two workers"
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

run "asks_a_mirror_of_a_published_registry_after_the_local_one" {
  command = plan

  variables {
    registry_mirrors = { "docker.io" = ["https://mirror.example.com/v2/docker.io"], "example.org" = ["https://mirror.example.com/v2/example.org"] }
  }

  assert {
    condition     = local.registry_mirrors["docker.io"] == ["http://dev-registry:5000/v2/docker.io", "https://mirror.example.com/v2/docker.io"]
    error_message = "the mirror must come after the local registry"
  }
  assert {
    condition     = local.registry_mirrors["example.org"] == ["https://mirror.example.com/v2/example.org"] && local.registry_mirrors["localhost:5001"] == ["http://dev-registry:5000"]
    error_message = "registries that only one of the two knows must be kept"
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
