mock_provider "kind" {}

variables {
  name    = "dev-registry"
  volume  = "dev-registry"
  network = "kindling-dev"
  image   = "registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e"
}

run "answers_on_its_port_of_this_host" {
  command = plan

  assert {
    condition     = kind_registry.this.port == 5001
    error_message = "the port must be 5001 unless told otherwise"
  }
  assert {
    condition     = output.registry == { host = "localhost:5001", push = "localhost:5001", insecure = true }
    error_message = "images must be pushed to and named by localhost and the port"
  }
}

run "tells_the_nodes_where_images_are" {
  command = plan

  variables {
    mirrored = ["registry.k8s.io"]
  }

  assert {
    condition = output.mirrors == {
      "localhost:5001"  = ["http://dev-registry:5000"]
      "registry.k8s.io" = ["http://dev-registry:5000/v2/registry.k8s.io"]
    }
    error_message = "the registry must stand in for itself and, under the host's name, for others"
  }
}

run "mirrors_the_usual_registries" {
  command = plan

  assert {
    condition     = length(setsubtract(["docker.io", "ghcr.io", "quay.io", "registry.k8s.io"], keys(output.mirrors))) == 0
    error_message = "the usual registries must be mirrored unless told otherwise"
  }
}

run "shares_the_clusters_network" {
  command = plan

  assert {
    condition     = kind_registry.this.network == "kindling-dev" && kind_registry.this.volume == "dev-registry"
    error_message = "network and volume must be the given ones"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }

  assert {
    condition     = output.mirrors["localhost:5009"] == ["http://example-registry:5000"]
    error_message = "the example must tell the nodes where its registry is"
  }
}

run "refuses_a_name_that_nodes_cannot_resolve" {
  command = plan

  variables {
    name = "Dev_Registry"
  }

  expect_failures = [var.name]
}

run "refuses_a_moving_image" {
  command = plan

  variables {
    image = "registry:latest"
  }

  expect_failures = [var.image]
}

run "refuses_a_network_that_the_engine_refuses" {
  command = plan

  variables {
    network = "kindling dev"
  }

  expect_failures = [var.network]
}

run "refuses_a_volume_that_the_engine_refuses" {
  command = plan

  variables {
    volume = "/tmp/images"
  }

  expect_failures = [var.volume]
}

run "refuses_a_port_that_is_none" {
  command = plan

  variables {
    port = 70000
  }

  expect_failures = [var.port]
}

run "refuses_to_mirror_a_url" {
  command = plan

  variables {
    mirrored = ["https://registry.k8s.io"]
  }

  expect_failures = [var.mirrored]
}

run "answers_on_the_port_that_is_given" {
  command = plan

  variables {
    port = 15001
  }

  assert {
    condition     = kind_registry.this.port == 15001 && output.registry.host == "localhost:15001" && output.registry.push == "localhost:15001"
    error_message = "the port must be published, and told"
  }
  assert {
    condition     = output.mirrors["localhost:15001"] == ["http://dev-registry:5000"]
    error_message = "the nodes must find it by its container's name all the same"
  }
}
