# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_resource {
  target          = module.secrets.kubernetes_secret_v1.this
  override_during = plan
  values          = { metadata = { uid = "5ec" } }
}

variables {
  service = {
    name     = "stock-keeper"
    port     = 8081
    replicas = 2
    routes = [
      { host = "shop.localhost", path = "/api/stock" },
      { host = "shop.localhost", path = "/api/levels" },
    ]
    config  = { LOG_LEVEL = "info" }
    secrets = [{ name = "api-key", env = "API_KEY", length = 40 }]
    needs   = ["database"]
    calls   = ["price-list"]
  }
  release = {
    image   = "localhost:5001/stock-keeper@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    version = "v0.1.0-3-g1a2b3c"
  }
  namespace   = "apps"
  environment = "dev"
  ingress = {
    class     = "nginx"
    namespace = "ingress-nginx"
    selector  = { "app.kubernetes.io/name" = "ingress-nginx" }
  }
  database = {
    host     = "database"
    port     = 5432
    name     = "stock_keeper"
    user     = "stock_keeper"
    selector = { "app.kubernetes.io/name" = "database" }
    secret   = { name = "stock-keeper-database", key = "password", fingerprint = "da7a.32" }
  }
  callers = ["checkout"]
  callees = { price-list = 9000, checkout = 8080, stock-keeper = 8081 }
}

run "runs_the_released_image" {
  command = plan

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].image == var.release.image
    error_message = "the pods must run the image of the release"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].labels["app.kubernetes.io/version"] == "v0.1.0-3-g1a2b3c"
    error_message = "the pods must carry the version of the release"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].replicas == "2" && output.replicas == 2
    error_message = "there must be as many pods as the service asks for"
  }
}

run "makes_a_label_of_any_version" {
  command = plan

  variables {
    release = {
      image   = "localhost:5001/stock-keeper@sha256:0000000000000000000000000000000000000000000000000000000000000001"
      version = "v1.0.0+dirty.20261126-with-a-name-that-is-longer-than-a-label-may-be."
    }
  }

  assert {
    condition     = can(regex("^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$", kubernetes_deployment_v1.this.metadata[0].labels["app.kubernetes.io/version"]))
    error_message = "the label must be one that Kubernetes takes"
  }
  assert {
    condition     = !can(kubernetes_deployment_v1.this.spec[0].selector[0].match_labels["app.kubernetes.io/version"])
    error_message = "the selector must not depend on the version"
  }
}

run "gives_the_container_its_environment" {
  command = plan

  assert {
    condition = {
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env : env.name => env.value if length(env.value_from) == 0
      } == {
      SERVICE_NAME       = "stock-keeper"
      SERVICE_VERSION    = "v0.1.0-3-g1a2b3c"
      SERVER_PORT        = "8081"
      SERVER_DRAIN_DELAY = "5s"
      ENVIRONMENT        = "dev"
      DATABASE_HOST      = "database"
      DATABASE_PORT      = "5432"
      DATABASE_NAME      = "stock_keeper"
      DATABASE_USER      = "stock_keeper"
      PRICE_LIST_URL     = "http://price-list"
    }
    error_message = "the container must be told who it is, where its database is and where its callees are"
  }
  assert {
    condition     = kubernetes_config_map_v1.this.data == tomap({ LOG_LEVEL = "info" })
    error_message = "config must be in the ConfigMap"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env_from[0].config_map_ref[0].name == "stock-keeper"
    error_message = "the container must read the ConfigMap"
  }
}

run "gives_secrets_by_reference" {
  command = plan

  assert {
    condition = {
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env :
      env.name => "${env.value_from[0].secret_key_ref[0].name}/${env.value_from[0].secret_key_ref[0].key}" if length(env.value_from) > 0
    } == { API_KEY = "stock-keeper-api-key/value", DATABASE_PASSWORD = "stock-keeper-database/password" }
    error_message = "secrets must reach the container by reference"
  }
}

run "restarts_pods_when_a_secret_was_made_anew" {
  command = plan

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/secrets"] == "stock-keeper-api-key=5ec.40,stock-keeper-database=da7a.32"
    error_message = "the pods must carry the identity of their Secrets"
  }
}

run "takes_the_values_of_secrets_from_outside" {
  command = plan

  variables {
    service = {
      name = "stock-keeper"
      port = 8081
      secrets = [
        { name = "api-key", env = "API_KEY", length = 40 },
        { name = "session-key", env = "SESSION_KEY" },
        { name = "stripe-key", env = "STRIPE_KEY", provided = true },
      ]
    }
    database         = null
    secret_revisions = { session-key = "3", stripe-key = "9f2c" }
    secret_values    = { session-key = "drawn-elsewhere", stripe-key = "from-outside" }
  }

  assert {
    condition = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/secrets"] == join(",", [
      "stock-keeper-api-key=5ec.40",
      "stock-keeper-session-key=5ec.${parseint(substr(sha256("3"), 0, 12), 16) + 257}",
      "stock-keeper-stripe-key=5ec.${parseint(substr(sha256("9f2c"), 0, 12), 16) + 257}",
    ])
    error_message = "the pods must restart with another revision, of secrets that are provided and of random ones that are kept elsewhere"
  }
  assert {
    condition = {
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env :
      env.name => "${env.value_from[0].secret_key_ref[0].name}/${env.value_from[0].secret_key_ref[0].key}" if length(env.value_from) > 0
      } == {
      API_KEY     = "stock-keeper-api-key/value"
      SESSION_KEY = "stock-keeper-session-key/value"
      STRIPE_KEY  = "stock-keeper-stripe-key/value"
    }
    error_message = "the container must read all of them in the same way"
  }
}

run "restarts_pods_when_the_configuration_changes" {
  command = plan

  variables {
    service = {
      name   = "stock-keeper"
      port   = 8081
      config = { LOG_LEVEL = "debug" }
    }
    database = null
  }

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/config"]
      != sha256(jsonencode({ LOG_LEVEL = "info" }))
    )
    error_message = "the pods must carry the hash of their configuration"
  }
}

run "meets_restricted_pod_security" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].security_context[0].run_as_user == "65532"
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].security_context[0].run_as_non_root
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].security_context[0].seccomp_profile[0].type == "RuntimeDefault"
    )
    error_message = "the pod must run as the nonroot user with the runtime's seccomp profile"
  }
  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].read_only_root_filesystem
      && !kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].allow_privilege_escalation
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].capabilities[0].drop == tolist(["ALL"])
    )
    error_message = "the container must have no capabilities and a read-only root file system"
  }
  assert {
    condition = (
      !kubernetes_deployment_v1.this.spec[0].template[0].spec[0].automount_service_account_token
      && !kubernetes_service_account_v1.this.automount_service_account_token
    )
    error_message = "the pod must have no token of the API server"
  }
}

run "is_probed_on_its_own_port" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].liveness_probe[0].http_get[0].path == "/livez"
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0].http_get[0].path == "/readyz"
    )
    error_message = "liveness must ask /livez, readiness /readyz"
  }
  assert {
    condition = (
      length(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].startup_probe) == 0
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0].initial_delay_seconds == null
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0].period_seconds == 1
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].liveness_probe[0].initial_delay_seconds == 60
    )
    error_message = "readiness must be asked at once, and liveness not before a slow start is over"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].port[0].container_port == 8081
    error_message = "the container's port must be the service's"
  }
  assert {
    condition = (
      kubernetes_service_v1.this.spec[0].port[0].port == 80
      && kubernetes_service_v1.this.spec[0].port[0].target_port == "http"
      && kubernetes_service_v1.this.spec[0].selector == kubernetes_deployment_v1.this.spec[0].selector[0].match_labels
    )
    error_message = "the Service must forward port 80 to the pods' port"
  }
}

run "rolls_out_without_losing_a_request" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_surge == "1"
      && kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_unavailable == "0"
    )
    error_message = "a new pod must be ready before an old one goes"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].termination_grace_period_seconds == 30
    error_message = "a pod must have time to drain and to end what is in flight"
  }
  assert {
    condition     = !kubernetes_deployment_v1.this.wait_for_rollout
    error_message = "Terraform must not wait for the rollout"
  }
  assert {
    condition     = kubernetes_pod_disruption_budget_v1.this.spec[0].max_unavailable == "1"
    error_message = "a drain must take one pod at a time"
  }
}

run "spreads_over_nodes_and_leaves_lost_ones_soon" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].topology_spread_constraint[0].topology_key == "kubernetes.io/hostname"
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].topology_spread_constraint[0].when_unsatisfiable == "ScheduleAnyway"
    )
    error_message = "pods must spread over nodes where there are several"
  }
  assert {
    condition     = toset(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].toleration[*].toleration_seconds) == toset(["30"])
    error_message = "pods must leave a lost node after 30 s"
  }
}

run "answers_at_its_routes" {
  command = plan

  assert {
    condition     = output.urls == ["https://shop.localhost/api/stock", "https://shop.localhost/api/levels"]
    error_message = "the addresses must be those of the routes"
  }
  assert {
    condition = (
      kubernetes_ingress_v1.this[0].spec[0].ingress_class_name == "nginx"
      && kubernetes_ingress_v1.this[0].spec[0].rule[*].host == tolist(["shop.localhost"])
      && kubernetes_ingress_v1.this[0].spec[0].rule[0].http[0].path[*].path == tolist(["/api/stock", "/api/levels"])
    )
    error_message = "the Ingress must have one rule for the host, with both paths"
  }
  assert {
    condition     = kubernetes_ingress_v1.this[0].spec[0].tls[0].hosts == tolist(["shop.localhost"]) && kubernetes_ingress_v1.this[0].spec[0].tls[0].secret_name == null
    error_message = "the controller's certificate must answer for the host"
  }
  assert {
    condition     = try(length(kubernetes_ingress_v1.this[0].metadata[0].annotations), 0) == 0
    error_message = "the Ingress must carry no annotation: the admission policy refuses them"
  }
}

run "names_a_port_that_is_not_the_usual_one" {
  command = plan

  variables {
    ingress = {
      class      = "nginx"
      namespace  = "ingress-nginx"
      selector   = { "app.kubernetes.io/name" = "ingress-nginx" }
      https_port = 8443
    }
  }

  assert {
    condition     = output.urls[0] == "https://shop.localhost:8443/api/stock"
    error_message = "the addresses must name the published port"
  }
}

run "has_no_ingress_without_routes" {
  command = plan

  variables {
    service  = { name = "worker", port = 8080 }
    database = null
    callers  = []
  }

  assert {
    condition     = length(kubernetes_ingress_v1.this) == 0 && output.urls == []
    error_message = "without routes there must be no Ingress"
  }
  assert {
    condition     = length(kubernetes_network_policy_v1.this.spec[0].ingress) == 0
    error_message = "nobody may call a service without routes and callers"
  }
}

run "hears_the_controller_and_its_callers_only" {
  command = plan

  assert {
    condition     = [for from in kubernetes_network_policy_v1.this.spec[0].ingress[0].from : try(from.namespace_selector[0].match_labels["kubernetes.io/metadata.name"], from.pod_selector[0].match_labels["app.kubernetes.io/name"])] == ["ingress-nginx", "checkout"]
    error_message = "only the ingress controller and the callers may connect"
  }
  assert {
    condition     = kubernetes_network_policy_v1.this.spec[0].ingress[0].ports[*].port == tolist(["8081"])
    error_message = "they may connect to the service's port only"
  }
}

run "reaches_a_database_outside_of_the_cluster_with_tls" {
  command = plan

  variables {
    database = {
      host     = "prod.rds.example.org"
      port     = 5433
      name     = "stock_keeper"
      user     = "stock_keeper"
      cidrs    = ["10.0.244.0/24", "10.0.245.0/24"]
      ssl_mode = "require"
      secret   = { name = "stock-keeper-database", key = "password", fingerprint = "da7a.32" }
    }
  }

  assert {
    condition     = [for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env : env.value if env.name == "DATABASE_SSLMODE"] == ["require"]
    error_message = "the service must be told to use TLS"
  }
  assert {
    condition = [
      for egress in kubernetes_network_policy_v1.this.spec[0].egress : [for to in egress.to : to.ip_block[0].cidr] if egress.ports[0].port == "5433"
    ] == [["10.0.244.0/24", "10.0.245.0/24"]]
    error_message = "the service may reach the database's addresses, on its port"
  }
}

run "verifies_its_database_against_known_authorities" {
  command = plan

  variables {
    database = {
      host            = "prod.rds.example.org"
      port            = 5433
      name            = "stock_keeper"
      user            = "stock_keeper"
      cidrs           = ["10.0.244.0/24"]
      ssl_mode        = "verify-full"
      ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
      secret          = { name = "stock-keeper-database", key = "password", fingerprint = "da7a.32" }
    }
  }

  assert {
    condition = {
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env : env.name => env.value if startswith(env.name, "DATABASE_SSL") || startswith(env.name, "PGSSL")
    } == { DATABASE_SSLMODE = "verify-full", DATABASE_SSLROOTCERT = "/etc/kindling/database/ca.crt", PGSSLROOTCERT = "/etc/kindling/database/ca.crt" }
    error_message = "the service must be told to verify the server, and against what, in its own words and in its driver's"
  }
  assert {
    condition     = kubernetes_config_map_v1.database_ca[0].data == tomap({ "ca.crt" = var.database.ca_certificates }) && kubernetes_config_map_v1.database_ca[0].metadata[0].name == "stock-keeper.database-ca"
    error_message = "the authorities must be in a ConfigMap of their own"
  }
  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].volume[*].config_map[0].name == tolist(["stock-keeper.database-ca"])
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].volume_mount[*].mount_path == tolist(["/etc/kindling/database"])
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].volume_mount[0].read_only
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].read_only_root_filesystem
    )
    error_message = "the service must find the authorities, and change nothing"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/database-ca"] == sha256(var.database.ca_certificates)
    error_message = "the pods must restart with other authorities"
  }
}

run "mounts_nothing_for_a_database_in_the_cluster" {
  command = plan

  assert {
    condition     = length(kubernetes_config_map_v1.database_ca) + length(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].volume) == 0
    error_message = "there must be no authorities without TLS"
  }
  assert {
    condition     = toset(keys(kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations)) == toset(["kindling.internal/config", "kindling.internal/secrets"])
    error_message = "the pods must carry nothing of them"
  }
}

run "reaches_names_callees_and_its_database_only" {
  command = plan

  assert {
    condition = [
      for egress in kubernetes_network_policy_v1.this.spec[0].egress :
      "${one(values(egress.to[0].pod_selector[0].match_labels))}:${join(",", egress.ports[*].port)}"
    ] == ["kube-dns:53,53", "price-list:9000", "database:5432"]
    error_message = "the service may reach DNS, its callees and its database, and nobody else"
  }
  assert {
    condition     = toset(kubernetes_network_policy_v1.this.spec[0].policy_types) == toset(["Ingress", "Egress"])
    error_message = "the policy must hold both ways"
  }
}

run "reaches_the_events_that_it_needs" {
  command = plan

  variables {
    service  = { name = "stock-keeper", port = 8081, needs = ["messaging"] }
    database = null
    messaging = {
      url      = "nats://messaging.apps.svc:4222"
      user     = "stock-keeper"
      stream   = "EVENTS"
      port     = 4222
      selector = { "app.kubernetes.io/name" = "messaging" }
      secret   = { name = "stock-keeper-messaging", key = "password", fingerprint = "3e5.32" }
    }
  }

  assert {
    condition = {
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env : env.name => env.value if startswith(env.name, "MESSAGING_") && env.value != null
    } == { MESSAGING_URL = "nats://messaging.apps.svc:4222", MESSAGING_USER = "stock-keeper", MESSAGING_STREAM = "EVENTS" }
    error_message = "the container must be told where the events are, and as whom to ask for them"
  }
  assert {
    condition = [
      for env in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].env : "${env.value_from[0].secret_key_ref[0].name}/${env.value_from[0].secret_key_ref[0].key}" if env.name == "MESSAGING_PASSWORD"
    ] == ["stock-keeper-messaging/password"]
    error_message = "the password must come from the Secret"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/secrets"] == "stock-keeper-messaging=3e5.32"
    error_message = "pods must restart when the password is another one"
  }
  assert {
    condition = [
      for egress in kubernetes_network_policy_v1.this.spec[0].egress :
      "${one(values(egress.to[0].pod_selector[0].match_labels))}:${join(",", egress.ports[*].port)}"
    ] == ["kube-dns:53,53", "messaging:4222"]
    error_message = "the service may reach DNS and the servers, and nobody else"
  }
}

run "refuses_to_run_without_the_messaging_that_it_needs" {
  command = plan

  variables {
    service  = { name = "stock-keeper", port = 8081, needs = ["messaging"] }
    database = null
  }

  expect_failures = [kubernetes_deployment_v1.this]
}

run "scales_when_asked" {
  command = plan

  variables {
    service = {
      name        = "stock-keeper"
      port        = 8081
      autoscaling = { min = 2, max = 4, cpu_percent = 60 }
    }
    database = null
  }

  assert {
    condition = (
      kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].min_replicas == 2
      && kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].max_replicas == 4
      && kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].metric[0].resource[0].target[0].average_utilization == 60
    )
    error_message = "the autoscaler must hold to the given bounds"
  }
  assert {
    condition     = output.replicas == 2
    error_message = "the service must have at least the autoscaler's minimum"
  }
}

run "does_not_scale_unless_asked" {
  command = plan

  assert {
    condition     = length(kubernetes_horizontal_pod_autoscaler_v2.this) == 0
    error_message = "without autoscaling there must be no autoscaler"
  }
}

run "lets_the_environment_override" {
  command = plan

  variables {
    overrides = {
      replicas  = 3
      host      = "shop.staging.localhost"
      resources = { limits = { memory = "256Mi" } }
    }
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].replicas == "3"
    error_message = "the environment's number of pods must win"
  }
  assert {
    condition     = output.urls[0] == "https://shop.staging.localhost/api/stock"
    error_message = "the environment's host must win"
  }
  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].limits["memory"] == "256Mi"
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].requests["memory"] == "32Mi"
    )
    error_message = "the environment's limit must win, and what it does not name must stay"
  }
}

run "has_at_least_the_environments_minimum_of_pods" {
  command = plan

  variables {
    minimum_replicas = 3
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].replicas == "3" && output.replicas == 3
    error_message = "the environment's minimum must hold"
  }
}

run "lists_what_to_watch" {
  command = plan

  assert {
    condition     = output.workloads == [{ kind = "Deployment", namespace = "apps", name = "stock-keeper", part = "stock-keeper" }]
    error_message = "the Deployment must be among the workloads to watch"
  }
}

run "refuses_to_run_without_the_database_that_it_needs" {
  command = plan

  variables {
    database = null
  }

  expect_failures = [kubernetes_deployment_v1.this]
}

run "refuses_to_run_without_the_secrets_that_are_provided" {
  command = plan

  variables {
    service  = { name = "stock-keeper", port = 8081, secrets = [{ name = "stripe-key", env = "STRIPE_KEY", provided = true }] }
    database = null
  }

  expect_failures = [kubernetes_deployment_v1.this]
}

run "refuses_to_call_what_does_not_exist" {
  command = plan

  variables {
    callees = { stock-keeper = 8081 }
  }

  expect_failures = [kubernetes_deployment_v1.this]
}

run "refuses_config_that_the_platform_sets" {
  command = plan

  variables {
    service  = { name = "stock-keeper", port = 8081, config = { SERVER_PORT = "1" } }
    database = null
  }

  expect_failures = [kubernetes_deployment_v1.this]
}
