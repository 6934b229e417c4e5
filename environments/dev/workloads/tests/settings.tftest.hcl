# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_data {
  target = data.terraform_remote_state.cluster
  values = {
    outputs = {
      cluster = {
        name               = "dev", flavour = "kind", uid = "0c1d", endpoint = "https://127.0.0.1:6443", ca_certificate = "ca"
        client_certificate = "certificate", client_key = "key", exec = null, kubeconfig = "kubeconfig"
      }
      registry = { host = "localhost:5001", push = "localhost:5001", insecure = true }
      ingress  = { http_port = 8080, https_port = 8443, node_ports = { http = 30080, https = 30043 } }
    }
  }
}

override_data {
  target = data.kubernetes_namespace_v1.kube_system
  values = { metadata = { uid = "0c1d" } }
}

variables {
  services_folder = "tests/fixtures/services"
  tls             = { certificate_file = "./tests/fixtures/certificate.txt", key_file = "./tests/fixtures/key.txt" }
  release = {
    services = {
      catalog   = { image = "localhost:5001/catalog@sha256:0000000000000000000000000000000000000000000000000000000000000001", version = "v1" }
      inventory = { image = "localhost:5001/inventory@sha256:0000000000000000000000000000000000000000000000000000000000000002", version = "v2" }
    }
  }
}

run "reads_the_state_of_the_cluster_beside_it" {
  command = plan

  assert {
    condition     = data.terraform_remote_state.cluster.backend == "local" && endswith(data.terraform_remote_state.cluster.config.path, "/../cluster/terraform.tfstate")
    error_message = "without a backend, the state must be the file of the cluster root"
  }
}

run "reads_the_state_of_the_cluster_where_it_is_kept" {
  command = plan

  variables {
    cluster_state = { backend = "s3", config = { bucket = "states", key = "shop/prod/cluster.tfstate", region = "eu-central-1" } }
  }

  assert {
    condition     = data.terraform_remote_state.cluster.backend == "s3" && data.terraform_remote_state.cluster.config == { bucket = "states", key = "shop/prod/cluster.tfstate", region = "eu-central-1" }
    error_message = "the backend must get its configuration, and nothing beside"
  }
}

run "sets_what_the_environment_has_different_for_a_service" {
  command = plan

  variables {
    services = {
      inventory = {
        host        = "stock.localhost"
        autoscaling = { min = 5, max = 9, cpu_percent = 40 }
        resources   = { requests = { cpu = "2", memory = "2Gi" }, limits = { cpu = "3", memory = "3Gi" } }
      }
    }
  }

  assert {
    condition     = module.service["inventory"].resources == { requests = tomap({ cpu = "2", memory = "2Gi" }), limits = tomap({ cpu = "3", memory = "3Gi" }) }
    error_message = "its pods must have the environment's resources"
  }
  assert {
    condition     = module.service["inventory"].autoscaling == { min = 5, max = 9, cpu_percent = 40 } && output.services["inventory"].replicas == 5
    error_message = "it must scale as the environment says"
  }
  assert {
    condition     = module.service["catalog"].resources.requests["cpu"] != "2" && module.service["catalog"].autoscaling == null
    error_message = "other services must stay as they are"
  }
}

run "follows_the_cluster_as_fast_as_the_controller_may" {
  command = plan

  variables {
    ingress_sync_rate = 5
  }

  assert {
    condition     = module.ingress.settings.sync_rate == 5
    error_message = "the rate must be the given one"
  }
}

run "redirects_to_https_without_being_remembered" {
  command = plan

  variables {
    https = { redirect = true, hsts = false }
  }

  assert {
    condition     = module.ingress.settings.redirect && !module.ingress.settings.hsts
    error_message = "each of the two must be told by itself"
  }
}

run "has_https_remembered_without_a_redirect" {
  command = plan

  variables {
    https = { redirect = false, hsts = true }
  }

  assert {
    condition     = !module.ingress.settings.redirect && module.ingress.settings.hsts
    error_message = "each of the two must be told by itself"
  }
}

run "lets_given_addresses_alone_reach_the_load_balancer" {
  command = plan

  override_data {
    target = data.terraform_remote_state.cluster
    values = {
      outputs = {
        cluster = {
          name               = "prod", flavour = "eks", uid = null, endpoint = "https://0c1d.eks.amazonaws.com", ca_certificate = "ca"
          client_certificate = null, client_key = null, exec = null, kubeconfig = "kubeconfig"
        }
        registry = { host = "registry.example.org", push = "registry.example.org", insecure = false }
        ingress  = { http_port = 80, https_port = 443, exposure = "load_balancer", annotations = {} }
        database = null
      }
    }
  }

  variables {
    ingress_source_ranges = ["203.0.113.0/24"]
  }

  assert {
    condition     = module.ingress.settings.source_ranges == toset(["203.0.113.0/24"])
    error_message = "nobody else may connect"
  }
}

run "takes_a_file_that_ends_early_for_none" {
  command = plan

  variables {
    services_folder = "tests/fixtures/provided"
    secrets_folder  = "tests/fixtures/torn-values"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}
