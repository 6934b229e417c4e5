# The providers are the real ones, as make plan offline=yes uses them: nothing is
# asked of Google. (Ephemeral resources could not be mocked.)

variables {
  offline = true
  project = { id = "example-project", number = "123456789012" }
}

override_resource {
  target          = module.cluster.google_container_cluster.this
  override_during = plan
  values = {
    private_cluster_config = { private_endpoint = "10.0.0.2" }
    master_auth            = { cluster_ca_certificate = "Y2E=" }
  }
}

run "tells_workloads_what_every_flavour_tells" {
  command = plan

  assert {
    condition = toset(keys(nonsensitive(output.cluster))) == toset([
      "name", "flavour", "uid", "endpoint", "ca_certificate", "client_certificate", "client_key", "exec", "kubeconfig",
    ])
    error_message = "the cluster must have the fields of every flavour"
  }
  assert {
    condition = (
      nonsensitive(output.cluster.name) == "prod-gke" && nonsensitive(output.cluster.flavour) == "gke" &&
      nonsensitive(output.cluster.endpoint) == "https://10.0.0.2"
    )
    error_message = "the cluster must be the private one of this environment"
  }
  assert {
    condition     = output.registry.host == "europe-west1-docker.pkg.dev/example-project/prod-gke" && output.registry.host == output.registry.push && !output.registry.insecure
    error_message = "images must come from the environment's own registry"
  }
  assert {
    condition     = toset(keys(output.registry.mirrors)) == toset(["docker.io", "registry.k8s.io"])
    error_message = "it must fetch what others publish"
  }
  assert {
    condition = (
      output.ingress.exposure == "load_balancer" && output.ingress.http_port == 80 && output.ingress.https_port == 443 &&
      output.ingress.annotations["networking.gke.io/load-balancer-ip-addresses"] == "prod-gke-ingress"
    )
    error_message = "users must come by a load balancer with the reserved address"
  }
}

run "keeps_the_databases_password_out_of_what_it_tells" {
  command = plan

  assert {
    condition     = toset(keys(output.database)) == toset(["host", "port", "admin_user", "admin_password_revision", "admin_password_command", "cidrs", "ca_certificates"])
    error_message = "the database must have the fields of every managed PostgreSQL, and no password"
  }
  assert {
    condition     = output.database.port == 5432 && output.database.admin_user == "postgres" && output.database.cidrs == ["10.2.0.0/16"]
    error_message = "the database must be the managed one"
  }
}

run "tells_workloads_the_authority_of_the_database" {
  command = plan

  override_resource {
    target          = module.database[0].google_sql_database_instance.this
    override_during = plan
    values = {
      private_ip_address = "10.2.0.3"
      server_ca_cert     = [{ cert = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" }]
    }
  }

  assert {
    condition     = output.database.ca_certificates == "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
    error_message = "the authority must be the server's own"
  }
}

run "encrypts_each_kind_of_thing_with_a_key_of_its_own" {
  command = plan

  assert {
    condition     = toset(keys(module.keys.keys)) == toset(["secrets", "disks", "images", "database", "services"])
    error_message = "there must be five keys"
  }
}

run "keeps_the_secrets_of_services_in_a_secret_manager" {
  command = plan

  variables {
    services_folder = "tests/fixtures/services"
    secret_readers  = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
    secret_writers  = { ann = "user:ann@example.org" }
  }

  assert {
    condition     = local.secrets == { "catalog/session-key" = { provided = null, length = 48 }, "catalog/stripe-key" = { provided = true, length = null } }
    error_message = "secrets must be those of the services' descriptions"
  }
  assert {
    condition     = toset(keys(output.secrets)) == toset(["catalog/session-key", "catalog/stripe-key"])
    error_message = "each secret must be told"
  }
  assert {
    condition     = output.secrets["catalog/stripe-key"].set_command.args == ["secrets", "versions", "add", "prod-gke_catalog_stripe-key", "--project=example-project", "--data-file=-"]
    error_message = "it must be told with the commands that read and set it"
  }
}

run "has_no_secrets_when_no_service_has" {
  command = plan

  variables {
    services_folder = "tests/fixtures/nothing"
  }

  assert {
    condition     = output.secrets != null && length(output.secrets) == 0
    error_message = "without secrets there must still be a store of them"
  }
}

run "needs_a_project" {
  command = plan

  variables {
    offline = false
    project = null
  }

  expect_failures = [var.project]
}

run "needs_no_project_offline" {
  command = plan

  variables {
    project = null
  }

  assert {
    condition     = output.registry.host == "europe-west1-docker.pkg.dev/offline-project/prod-gke"
    error_message = "an offline plan must name a project that is none"
  }
}

run "needs_addresses_for_the_database" {
  command = plan

  variables {
    ranges = { private_services = "" }
  }

  expect_failures = [var.ranges]
}

run "leaves_the_database_to_the_cluster_when_told" {
  command = plan

  variables {
    database = null
  }

  assert {
    condition     = output.database == null
    error_message = "no managed database may be made"
  }
}

run "carries_another_name_in_another_region" {
  command = plan

  variables {
    name   = "shop"
    region = "europe-north1"
  }

  assert {
    condition     = nonsensitive(output.cluster.name) == "shop" && output.registry.host == "europe-north1-docker.pkg.dev/example-project/shop"
    error_message = "cluster and images must be under the name, in the region"
  }
  assert {
    condition     = output.ingress.annotations["networking.gke.io/load-balancer-ip-addresses"] == "shop-ingress"
    error_message = "the reserved address must carry the name"
  }
}

run "lies_in_the_ranges_that_are_given" {
  command = plan

  variables {
    ranges = { nodes = "10.64.0.0/20", pods = "10.68.0.0/14", services = "10.65.0.0/20", private_services = "10.66.0.0/16" }
  }

  assert {
    condition     = module.network.ranges == { nodes = "10.64.0.0/20", prod-gke-pods = "10.68.0.0/14", prod-gke-services = "10.65.0.0/20" }
    error_message = "nodes, pods and Services must be in the given ranges"
  }
  assert {
    condition     = output.database.cidrs == ["10.66.0.0/16"]
    error_message = "the database must be in its range"
  }
}

run "is_closed_and_protected_unless_told_otherwise" {
  command = plan

  assert {
    condition     = !module.cluster.settings.public && length(module.cluster.settings.authorised_networks) == 0 && !module.cluster.settings.other_regions
    error_message = "the API must be reached from inside of the region's network alone"
  }
  assert {
    condition     = module.cluster.settings.deletion_protection && module.database[0].settings.deletion_protection && length(module.registry.writers) == 0
    error_message = "cluster and database must be protected, and nobody may push"
  }
}

run "opens_the_api_to_given_networks_when_told" {
  command = plan

  variables {
    control_plane = { access = "public", authorised_networks = [{ cidr = "203.0.113.0/24", name = "office" }], other_regions = true }
  }

  assert {
    condition     = module.cluster.settings.public && module.cluster.settings.authorised_networks == { office = "203.0.113.0/24" } && module.cluster.settings.other_regions
    error_message = "the office, and nobody else, may reach the API"
  }
}

run "has_the_node_pools_that_are_described" {
  command = plan

  variables {
    node_pools = {
      general = { machine_type = "n2-standard-8", nodes = { min = 6, max = 12 } }
      batch   = { spot = true, labels = { tier = "batch" }, taints = [{ key = "spot", value = "true", effect = "NO_SCHEDULE" }] }
    }
  }

  assert {
    condition     = module.cluster.settings.node_pools["general"].machine_type == "n2-standard-8" && module.cluster.settings.node_pools["general"].min == 6 && module.cluster.settings.node_pools["general"].max == 12
    error_message = "there must be six to twelve large nodes"
  }
  assert {
    condition     = module.cluster.settings.node_pools["batch"].spot && module.cluster.settings.node_pools["batch"].labels["tier"] == "batch" && module.cluster.settings.node_pools["batch"].taints == ["spot=true:NO_SCHEDULE"]
    error_message = "the second pool must be of spot machines, for what bears them"
  }
}

run "fetches_the_images_of_the_registries_that_are_named" {
  command = plan

  variables {
    mirrored      = ["quay.io"]
    image_writers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
  }

  assert {
    condition     = output.registry.mirrors == { "quay.io" = "europe-west1-docker.pkg.dev/example-project/prod-gke-quay-io" }
    error_message = "the named registry, and no other, must be mirrored"
  }
  assert {
    condition     = module.registry.writers == ["serviceAccount:ci@example-project.iam.gserviceaccount.com"]
    error_message = "whoever is named, and nobody else, may push"
  }
}

run "makes_the_database_as_it_is_told" {
  command = plan

  variables {
    database = {
      tier              = "db-perf-optimized-N-4"
      edition           = "ENTERPRISE_PLUS"
      availability      = "ZONAL"
      password_revision = 2
      password_readers  = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
    }
  }

  assert {
    condition     = module.database[0].settings.tier == "db-perf-optimized-N-4" && module.database[0].settings.edition == "ENTERPRISE_PLUS" && module.database[0].settings.availability == "ZONAL"
    error_message = "the machine must be the given one"
  }
  assert {
    condition     = module.database[0].settings.password_revision == 2 && module.database[0].settings.password_readers == ["serviceAccount:ci@example-project.iam.gserviceaccount.com"]
    error_message = "the password must be drawn anew, for whoever is named"
  }
}

run "can_be_deleted_when_told" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !module.cluster.settings.deletion_protection && !module.database[0].settings.deletion_protection
    error_message = "neither cluster nor database may refuse"
  }
}
