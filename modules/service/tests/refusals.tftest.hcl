# One refusal for each validation.
mock_provider "kubernetes" {}

variables {
  service     = { name = "stock-keeper", port = 8081 }
  release     = { image = "localhost:5001/stock-keeper@sha256:0000000000000000000000000000000000000000000000000000000000000001", version = "v0.1.0" }
  namespace   = "apps"
  environment = "dev"
  ingress = {
    class     = "nginx"
    namespace = "ingress-nginx"
    selector  = { "app.kubernetes.io/name" = "ingress-nginx" }
  }
}

run "refuses_a_service_name_that_is_no_dns_label" {
  command = plan

  variables {
    service = { name = "Stock_Keeper", port = 8081 }
  }

  expect_failures = [var.service]
}

run "refuses_a_port_that_needs_privileges" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 80 }
  }

  expect_failures = [var.service]
}

run "refuses_a_host_that_is_no_dns_name" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, routes = [{ host = "Shop!", path = "/" }] }
  }

  expect_failures = [var.service]
}

run "refuses_a_path_that_could_carry_configuration" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, routes = [{ host = "shop.localhost", path = "/a{};" }] }
  }

  expect_failures = [var.service]
}

run "refuses_the_same_route_twice" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, routes = [{ host = "shop.localhost", path = "/a" }, { host = "shop.localhost", path = "/a" }] }
  }

  expect_failures = [var.service]
}

run "refuses_less_than_one_pod" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, replicas = 0 }
  }

  expect_failures = [var.service]
}

run "refuses_an_autoscaler_whose_bounds_cross" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, autoscaling = { min = 4, max = 2 } }
  }

  expect_failures = [var.service]
}

run "refuses_an_autoscaler_without_a_target" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, autoscaling = { min = 1, max = 2, cpu_percent = 0 } }
  }

  expect_failures = [var.service]
}

run "refuses_an_amount_of_cpu_that_is_none" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, resources = { requests = { cpu = "fast" } } }
  }

  expect_failures = [var.service]
}

run "refuses_an_amount_of_memory_without_unit" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, resources = { limits = { memory = "128" } } }
  }

  expect_failures = [var.service]
}

run "refuses_a_variable_in_lower_case" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, config = { log_level = "info" } }
  }

  expect_failures = [var.service]
}

run "refuses_a_secret_name_that_is_no_dns_label" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, secrets = [{ name = "API_KEY", env = "API_KEY" }] }
  }

  expect_failures = [var.service]
}

run "refuses_a_secret_that_takes_the_databases_name" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, secrets = [{ name = "database", env = "API_KEY" }] }
  }

  expect_failures = [var.service]
}

run "refuses_a_secret_that_takes_the_name_of_messagings" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, secrets = [{ name = "messaging", env = "API_KEY" }] }
  }

  expect_failures = [var.service]
}

run "refuses_two_secrets_in_one_variable" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, secrets = [{ name = "a", env = "API_KEY" }, { name = "b", env = "API_KEY" }] }
  }

  expect_failures = [var.service]
}

run "refuses_a_length_for_a_secret_that_is_provided" {
  command = plan

  variables {
    service          = { name = "stock-keeper", port = 8081, secrets = [{ name = "stripe-key", env = "STRIPE_KEY", provided = true, length = 32 }] }
    secret_revisions = { stripe-key = "9f2c" }
    secret_values    = { stripe-key = "from-outside" }
  }

  expect_failures = [var.service]
}

run "refuses_a_revision_of_no_secret" {
  command = plan

  variables {
    secret_revisions = { stripe-key = "9f2c" }
    secret_values    = { stripe-key = "from-outside" }
  }

  expect_failures = [var.secret_revisions]
}

run "refuses_an_unknown_need" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, needs = ["blockchain"] }
  }

  expect_failures = [var.service]
}

run "refuses_a_service_that_calls_itself" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, calls = ["stock-keeper"] }
  }

  expect_failures = [var.service]
}

run "refuses_a_surge_that_is_no_number" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, rollout = { max_surge = "some" } }
  }

  expect_failures = [var.service]
}

run "refuses_a_rollout_that_cannot_move" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, rollout = { max_surge = "0", max_unavailable = "0%" } }
  }

  expect_failures = [var.service]
}

run "refuses_a_deadline_that_no_pod_can_meet" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, rollout = { progress_deadline_seconds = 1 } }
  }

  expect_failures = [var.service]
}

run "refuses_an_image_without_digest" {
  command = plan

  variables {
    release = { image = "localhost:5001/stock-keeper:v1", version = "v1" }
  }

  expect_failures = [var.release]
}

run "refuses_a_release_without_version" {
  command = plan

  variables {
    release = { image = "localhost:5001/stock-keeper@sha256:0000000000000000000000000000000000000000000000000000000000000001", version = "" }
  }

  expect_failures = [var.release]
}

run "refuses_a_namespace_that_is_no_dns_label" {
  command = plan

  variables {
    namespace = "Apps_"
  }

  expect_failures = [var.namespace]
}

run "refuses_an_environment_that_is_no_dns_label" {
  command = plan

  variables {
    environment = "Dev!"
  }

  expect_failures = [var.environment]
}

run "refuses_an_override_of_less_than_one_pod" {
  command = plan

  variables {
    overrides = { replicas = 0 }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_overriding_autoscaler_whose_bounds_cross" {
  command = plan

  variables {
    overrides = { autoscaling = { min = 4, max = 2 } }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_overriding_host_that_is_no_dns_name" {
  command = plan

  variables {
    overrides = { host = "Shop!" }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_override_by_half_a_pod" {
  command = plan

  variables {
    overrides = { autoscaling = { min = 1.5, max = 2 } }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_autoscaler_of_half_a_pod" {
  command = plan

  variables {
    service = { name = "stock-keeper", port = 8081, autoscaling = { min = 1, max = 2.5 } }
  }

  expect_failures = [var.service]
}

run "refuses_an_override_that_aims_at_no_share_of_the_cpu" {
  command = plan

  variables {
    overrides = { autoscaling = { min = 1, max = 2, cpu_percent = 0 } }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_override_of_cpu_that_is_no_amount" {
  command = plan

  variables {
    overrides = { resources = { limits = { cpu = "half" } } }
  }

  expect_failures = [var.overrides]
}

run "refuses_an_override_of_memory_that_is_no_amount" {
  command = plan

  variables {
    overrides = { resources = { requests = { memory = "64M" } } }
  }

  expect_failures = [var.overrides]
}

run "refuses_a_minimum_of_no_pods" {
  command = plan

  variables {
    minimum_replicas = 0
  }

  expect_failures = [var.minimum_replicas]
}

run "refuses_messaging_whose_url_carries_a_password" {
  command = plan

  variables {
    messaging = {
      url    = "nats://a:b@messaging:4222", user = "a", stream = "EVENTS", port = 4222, selector = { a = "b" }
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.messaging]
}

run "refuses_messaging_without_a_stream" {
  command = plan

  variables {
    messaging = {
      url    = "nats://messaging:4222", user = "a", stream = "", port = 4222, selector = { a = "b" }
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.messaging]
}

run "refuses_messaging_at_no_port" {
  command = plan

  variables {
    messaging = {
      url    = "nats://messaging:4222", user = "a", stream = "EVENTS", port = 0, selector = { a = "b" }
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.messaging]
}

run "refuses_messaging_that_could_be_any_pod" {
  command = plan

  variables {
    messaging = {
      url    = "nats://messaging:4222", user = "a", stream = "EVENTS", port = 4222, selector = {}
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.messaging]
}

run "refuses_a_database_that_is_nowhere" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_a_database_at_no_address" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["db.example.org"]
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_an_unknown_ssl_mode" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ssl_mode = "disable"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_to_verify_against_nothing" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ssl_mode = "verify-full"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_authorities_that_nobody_looks_at" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ssl_mode = "require", ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_authorities_without_a_mode" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_authorities_that_are_no_certificates" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ssl_mode = "verify-ca", ca_certificates = "<html>not found</html>"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}

run "refuses_the_key_of_an_authority" {
  command = plan

  variables {
    database = {
      host   = "db.example.org", port = 5432, name = "a", user = "a", cidrs = ["10.0.0.0/8"], ssl_mode = "verify-ca", ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nBEGIN PRIVATE KEY"
      secret = { name = "a", key = "password", fingerprint = "1" }
    }
  }

  expect_failures = [var.database]
}
