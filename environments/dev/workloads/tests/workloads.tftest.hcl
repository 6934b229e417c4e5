# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_data {
  target = data.terraform_remote_state.cluster
  values = {
    outputs = {
      cluster = {
        name               = "dev"
        flavour            = "kind"
        uid                = "0c1d"
        endpoint           = "https://127.0.0.1:6443"
        ca_certificate     = "ca"
        client_certificate = "certificate"
        client_key         = "key"
        exec               = null
        kubeconfig         = "kubeconfig"
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
  environment     = "dev"
  services_folder = "tests/fixtures/services"
  tls             = { certificate_file = "./tests/fixtures/certificate.txt", key_file = "./tests/fixtures/key.txt" }
  release = {
    services = {
      catalog   = { image = "localhost:5001/catalog@sha256:0000000000000000000000000000000000000000000000000000000000000001", version = "v1" }
      inventory = { image = "localhost:5001/inventory@sha256:0000000000000000000000000000000000000000000000000000000000000002", version = "v2" }
    }
  }
}

run "finds_every_described_service" {
  command = plan

  assert {
    condition     = toset(keys(output.services)) == toset(["catalog", "inventory"])
    error_message = "each folder with a service.yaml must be a service"
  }
  assert {
    condition = output.services["inventory"] == {
      urls      = ["https://shop.localhost:8443/api/stock"]
      namespace = "apps"
      workload  = "deployment"
      replicas  = 2
      version   = "v2"
      image     = "localhost:5001/inventory@sha256:0000000000000000000000000000000000000000000000000000000000000002"
    }
    error_message = "a service must be told with its addresses, what runs and where"
  }
}

run "lets_callers_reach_their_callees_and_nobody_else" {
  command = plan

  assert {
    condition     = local.callers == { catalog = ["inventory"], inventory = [] }
    error_message = "who may call must follow from calls"
  }
  assert {
    condition     = local.ports == { catalog = 8080, inventory = 8081 }
    error_message = "the ports must be the services' own"
  }
}

run "makes_databases_for_those_that_need_one" {
  command = plan

  assert {
    condition     = local.database_clients == toset(["catalog"])
    error_message = "only services that need a database may get one"
  }
}

run "brings_no_servers_of_events_where_nobody_needs_them" {
  command = plan

  variables {
    images = { nats = "docker.io/library/nats:2@sha256:0000000000000000000000000000000000000000000000000000000000000004" }
  }

  assert {
    condition     = length(module.messaging) == 0 && length([for workload in output.workloads : workload if workload.part == "messaging"]) == 0
    error_message = "without a service that needs messaging there must be no servers"
  }
}

run "shares_events_among_those_that_need_them" {
  command = plan

  variables {
    services_folder = "tests/fixtures/messaging"
    images          = { nats = "docker.io/library/nats:2@sha256:0000000000000000000000000000000000000000000000000000000000000004" }
  }

  assert {
    condition     = toset(keys(module.messaging[0].connections)) == toset(["catalog"])
    error_message = "only services that need messaging may get a user"
  }
  assert {
    condition     = [for workload in output.workloads : workload.kind if workload.part == "messaging"] == ["StatefulSet", "Job"]
    error_message = "servers and setup must be watched"
  }
  assert {
    condition     = local.database_clients == toset([]) && length(module.database) == 0
    error_message = "nobody needs a database here"
  }
}

run "keeps_events_on_three_servers_where_it_is_told_to" {
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
    services_folder = "tests/fixtures/messaging"
    images          = { nats = "registry.example.org/nats@sha256:0000000000000000000000000000000000000000000000000000000000000004" }
    messaging       = { servers = 3, storage = { class = "gp3", size = "20Gi" }, stream = { max_age_hours = 24, max_bytes = 1073741824 } }
  }

  assert {
    condition     = length([for workload in output.workloads : workload if workload.part == "messaging"]) == 2 && local.messaging_image == "registry.example.org/nats@sha256:0000000000000000000000000000000000000000000000000000000000000004"
    error_message = "the servers must run the image that the environment names"
  }
  assert {
    condition     = module.messaging[0].stream.replicas == 3 && module.messaging[0].stream.max_age_hours == 24 && module.messaging[0].stream.max_bytes == 1073741824
    error_message = "the stream must keep what the environment says"
  }
}

run "refuses_messaging_on_eks_without_a_storage_class" {
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
    services_folder = "tests/fixtures/messaging"
    images          = { nats = "registry.example.org/nats@sha256:0000000000000000000000000000000000000000000000000000000000000004" }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_messaging_without_an_image" {
  command = plan

  variables {
    services_folder = "tests/fixtures/messaging"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "drops_the_database_of_a_service_that_is_gone" {
  command = plan

  variables {
    dropped_databases = ["gone"]
  }

  assert {
    condition     = length([for workload in output.workloads : workload if workload.kind == "Job"]) == 2
    error_message = "a Job must drop it, and be awaited"
  }
}

run "overrides_by_name_and_keeps_to_the_minimum" {
  command = plan

  variables {
    minimum_replicas = 2
    services         = { inventory = { replicas = 4, host = "stock.localhost" } }
  }

  assert {
    condition     = output.services["inventory"].replicas == 4 && output.services["inventory"].urls == ["https://stock.localhost:8443/api/stock"]
    error_message = "the environment must win for the service that it names"
  }
  assert {
    condition     = output.services["catalog"].replicas == 2
    error_message = "no service may have fewer pods than the environment's minimum"
  }
}

run "takes_published_images_where_none_is_given" {
  command = plan

  variables {
    images = { postgres = "localhost:5001/postgres@sha256:0000000000000000000000000000000000000000000000000000000000000003" }
  }

  assert {
    condition     = startswith(local.images["postgres"], "localhost:5001/") && startswith(local.images["metrics-server"], "registry.k8s.io/")
    error_message = "the given images must win, and the others be the published ones"
  }
  assert {
    condition     = alltrue([for image in values(local.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "every image must be pinned by its digest"
  }
}

run "lives_in_a_cloud_behind_a_load_balancer_on_a_managed_database" {
  command = plan

  override_data {
    target = data.terraform_remote_state.cluster
    values = {
      outputs = {
        cluster = {
          name               = "prod"
          flavour            = "eks"
          uid                = null
          endpoint           = "https://0c1d.eks.amazonaws.com"
          ca_certificate     = "ca"
          client_certificate = null
          client_key         = null
          exec               = { api_version = "client.authentication.k8s.io/v1beta1", command = "aws", args = ["eks", "get-token"] }
          kubeconfig         = "kubeconfig"
        }
        registry = {
          host    = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod", push = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod", insecure = false
          mirrors = { "registry.k8s.io" = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod/registry.k8s.io" }
        }
        ingress = { http_port = 80, https_port = 443, exposure = "load_balancer", annotations = { "service.beta.kubernetes.io/aws-load-balancer-type" = "nlb" } }
        database = {
          host                    = "prod.0c1d.eu-central-1.rds.amazonaws.com"
          port                    = 5432
          admin_user              = "postgres"
          admin_password_revision = "rev-1"
          admin_password_command  = { command = "aws", args = ["secretsmanager", "get-secret-value"] }
          cidrs                   = ["10.0.244.0/24"]
          ca_certificates         = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        }
      }
    }
  }

  variables {
    minimum_replicas        = 3
    database_admin_password = "not-in-the-plan"
  }

  assert {
    condition     = toset([for workload in output.workloads : "${workload.kind} ${workload.part}"]) == toset(["Deployment ingress-nginx", "Deployment metrics-server", "Job database", "Deployment catalog", "Deployment inventory"])
    error_message = "there must be no database server in the cluster"
  }
  assert {
    condition     = module.database[0].connections["catalog"].host == "prod.0c1d.eu-central-1.rds.amazonaws.com"
    error_message = "services must be led to the managed database"
  }
  assert {
    condition     = module.database[0].connections["catalog"].ssl_mode == "verify-full" && startswith(module.database[0].connections["catalog"].ca_certificates, "-----BEGIN CERTIFICATE-----")
    error_message = "services must verify it against the authorities that the cluster root tells"
  }
  assert {
    condition     = startswith(local.images["metrics-server"], "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod/registry.k8s.io/metrics-server/metrics-server:") && startswith(local.images["postgres"], "docker.io/")
    error_message = "images of a mirrored registry, and no others, must come from the environment's own"
  }
  assert {
    condition     = alltrue([for image in values(local.images) : can(regex("@sha256:[0-9a-f]{64}$", image))])
    error_message = "mirrored images must keep their digests"
  }
  assert {
    condition     = local.balanced && output.services["catalog"].urls == ["https://shop.localhost/api/products"]
    error_message = "services must be reached by the load balancer's ports"
  }
  assert {
    condition     = output.admission_policies == ["ingress-annotations.kindling.internal"]
    error_message = "the tool must be told which policies to bind"
  }
}

run "names_the_command_that_prints_a_missing_password" {
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
        database = {
          host                   = "db.example.org", port = 5432, admin_user = "postgres", admin_password_revision = "rev-1"
          admin_password_command = { command = "aws", args = ["secretsmanager", "get-secret-value"] }
        }
      }
    }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "brings_no_metrics_server_where_the_cloud_does" {
  command = plan

  override_data {
    target = data.terraform_remote_state.cluster
    values = {
      outputs = {
        cluster = {
          name               = "prod", flavour = "gke", uid = null, endpoint = "https://203.0.113.7", ca_certificate = "ca"
          client_certificate = null, client_key = null, exec = null, kubeconfig = "kubeconfig"
        }
        registry = { host = "registry.example.org", push = "registry.example.org", insecure = false }
        ingress  = { http_port = 80, https_port = 443, exposure = "load_balancer", annotations = {} }
        database = null
      }
    }
  }

  assert {
    condition     = length([for workload in output.workloads : workload if workload.part == "metrics-server"]) == 0
    error_message = "two metrics servers would fight over one API"
  }
  assert {
    condition     = length([for workload in output.workloads : workload if workload.kind == "StatefulSet"]) == 1
    error_message = "without a managed database one must run in the cluster"
  }
}

run "reads_the_secrets_that_people_provide_from_files" {
  command = plan

  variables {
    services_folder = "tests/fixtures/provided"
    secrets_folder  = "tests/fixtures/provided-values"
  }

  assert {
    condition     = local.given_secrets == { catalog = ["stripe-key"] }
    error_message = "the random secret must be drawn here, and the provided one come from its file"
  }
  assert {
    condition     = local.secret_revisions == { "catalog/stripe-key" = "9f2c" } && issensitive(local.secret_values["catalog/stripe-key"])
    error_message = "the revision must be that of the file, and the value must not be shown"
  }
}

run "leaves_alone_what_a_shell_still_has" {
  command = plan

  variables {
    services_folder  = "tests/fixtures/provided"
    secrets_folder   = "tests/fixtures/provided-values"
    secret_revisions = { "dev/catalog/stripe-key" = "given", "prod/catalog/stripe-key" = "given" }
    secret_values    = { "dev/catalog/stripe-key" = "given", "prod/catalog/stripe-key" = "given" }
  }

  assert {
    condition     = local.secret_revisions == { "catalog/stripe-key" = "9f2c" } && local.given_secrets == { catalog = ["stripe-key"] }
    error_message = "on this machine the files count, and nothing else"
  }
}

run "takes_a_file_that_says_something_else_for_none" {
  command = plan

  variables {
    services_folder = "tests/fixtures/provided"
    secrets_folder  = "tests/fixtures/broken-values"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "takes_all_secrets_from_the_store_of_a_cloud" {
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
        secrets  = { "catalog/session-key" = {}, "catalog/stripe-key" = {} }
      }
    }
  }

  variables {
    environment      = "another-name"
    services_folder  = "tests/fixtures/provided"
    secrets_folder   = "tests/fixtures/provided-values"
    secret_revisions = { "dev/catalog/session-key" = "1", "dev/catalog/stripe-key" = "2", "prod/catalog/stripe-key" = "3" }
    secret_values    = { "dev/catalog/session-key" = "drawn-there", "dev/catalog/stripe-key" = "put-there", "prod/catalog/stripe-key" = "elsewhere" }
  }

  assert {
    condition     = local.given_secrets == { catalog = ["session-key", "stripe-key"] } && local.secret_revisions["catalog/stripe-key"] == "2"
    error_message = "random secrets must come from the store too"
  }
  assert {
    condition     = length(local.secret_files) == 0
    error_message = "files of this machine must not be read for a cloud"
  }
}

run "asks_for_a_random_secret_that_the_store_has" {
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
        secrets  = { "catalog/session-key" = {}, "catalog/stripe-key" = {} }
      }
    }
  }

  variables {
    services_folder  = "tests/fixtures/provided"
    secret_revisions = { "dev/catalog/stripe-key" = "2", "prod/catalog/session-key" = "1" }
    secret_values    = { "dev/catalog/stripe-key" = "put-there", "prod/catalog/session-key" = "elsewhere" }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "asks_for_a_secret_that_nobody_provided" {
  command = plan

  variables {
    services_folder = "tests/fixtures/provided"
    secrets_folder  = "tests/fixtures/no-values"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_another_cluster_than_the_recorded_one" {
  command = plan

  override_data {
    target = data.kubernetes_namespace_v1.kube_system
    values = { metadata = { uid = "another" } }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_a_service_without_a_release" {
  command = plan

  variables {
    release = { services = {} }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_a_service_that_is_not_named_as_its_folder" {
  command = plan

  variables {
    services_folder = "tests/fixtures/misnamed"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_calls_to_nobody" {
  command = plan

  variables {
    services_folder = "tests/fixtures/lonely"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_a_need_that_it_does_not_offer" {
  command = plan

  variables {
    services_folder = "tests/fixtures/unmet"
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_to_override_a_service_that_does_not_exist" {
  command = plan

  variables {
    services = { checkout = { replicas = 2 } }
  }

  expect_failures = [data.kubernetes_namespace_v1.kube_system]
}

run "refuses_an_image_of_an_unknown_part" {
  command = plan

  variables {
    images = { redis = "redis@sha256:0000000000000000000000000000000000000000000000000000000000000003" }
  }

  expect_failures = [var.images]
}
