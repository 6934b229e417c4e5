# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

variables {
  service = {
    name   = "catalog"
    port   = 8080
    routes = [{ host = "shop.localhost", path = "/api/products" }]
  }
  release = {
    image   = "localhost:5001/catalog@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    version = "v1"
  }
  namespace   = "apps"
  environment = "dev"
  ingress = {
    class     = "nginx"
    namespace = "ingress-nginx"
    selector  = { "app.kubernetes.io/name" = "ingress-nginx" }
  }
}

run "asks_for_little_unless_told_otherwise" {
  command = plan

  assert {
    condition     = output.resources == { requests = tomap({ cpu = "25m", memory = "32Mi" }), limits = tomap({ memory = "128Mi" }) }
    error_message = "a service that says nothing must fit beside many others, and have no limit of cpu"
  }
}

run "has_the_resources_that_it_describes" {
  command = plan

  variables {
    service = {
      name = "catalog", port = 8080
      resources = {
        requests = { cpu = "0.5", memory = "64Mi" }
        limits   = { cpu = "2", memory = "1Gi" }
      }
    }
  }

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].requests == tomap({ cpu = "0.5", memory = "64Mi" })
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].resources[0].limits == tomap({ cpu = "2", memory = "1Gi" })
    )
    error_message = "requests and limits must be the described ones"
  }
}

run "takes_resources_of_the_environment_before_its_own" {
  command = plan

  variables {
    service = {
      name      = "catalog", port = 8080
      resources = { requests = { cpu = "0.5", memory = "64Mi" }, limits = { cpu = "2", memory = "1Gi" } }
    }
    overrides = {
      resources = { requests = { cpu = "1", memory = "512Mi" }, limits = { cpu = "4" } }
    }
  }

  assert {
    condition     = output.resources == { requests = tomap({ cpu = "1", memory = "512Mi" }), limits = tomap({ cpu = "4", memory = "1Gi" }) }
    error_message = "what the environment sets must win, and the rest stay"
  }
}

run "scales_as_the_environment_says" {
  command = plan

  variables {
    service = {
      name        = "catalog", port = 8080
      autoscaling = { min = 2, max = 4, cpu_percent = 60 }
    }
    overrides = { autoscaling = { min = 3, max = 30, cpu_percent = 50 } }
  }

  assert {
    condition = (
      kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].min_replicas == 3 && kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].max_replicas == 30
      && kubernetes_horizontal_pod_autoscaler_v2.this[0].spec[0].metric[0].resource[0].target[0].average_utilization == 50
    )
    error_message = "the environment's bounds must win"
  }
  assert {
    condition     = output.replicas == 3
    error_message = "the least number must be told"
  }
}

run "rolls_out_as_it_describes" {
  command = plan

  variables {
    service = {
      name    = "catalog", port = 8080
      rollout = { max_surge = "50%", max_unavailable = "25%", progress_deadline_seconds = 300 }
    }
  }

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_surge == "50%"
      && kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_unavailable == "25%"
      && kubernetes_deployment_v1.this.spec[0].progress_deadline_seconds == 300
    )
    error_message = "a rollout must move as described"
  }
}

run "restarts_no_pods_for_what_is_written_for_people" {
  command = plan

  variables {
    service = {
      name        = "catalog", port = 8080
      routes      = [{ host = "shop.localhost", path = "/api/products" }]
      description = "Sells things."
      objectives  = { availability_percent = 99.9, latency_p99_milliseconds = 250 }
    }
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].annotations == tomap({ "kindling.internal/config" = sha256("{}"), "kindling.internal/secrets" = "" })
    error_message = "another description must not restart the pods"
  }
}

run "answers_once_where_two_routes_become_one" {
  command = plan

  variables {
    service = {
      name = "catalog", port = 8080
      routes = [
        { host = "shop.localhost", path = "/api/products" },
        { host = "store.localhost", path = "/api/products" },
      ]
    }
    overrides = { host = "shop.example.org" }
  }

  assert {
    condition     = output.urls == ["https://shop.example.org/api/products"] && length(kubernetes_ingress_v1.this[0].spec[0].rule[0].http[0].path) == 1
    error_message = "one host must not have the same path twice"
  }
}

run "labels_everything" {
  command = plan

  variables {
    service = {
      name        = "catalog", port = 8080
      routes      = [{ host = "shop.localhost", path = "/api/products" }]
      autoscaling = { min = 1, max = 2 }
    }
    labels = { team = "shop", "app.kubernetes.io/managed-by" = "somebody else" }
  }

  assert {
    condition = alltrue([for labels in concat([for object in concat([
      kubernetes_deployment_v1.this, kubernetes_service_v1.this, kubernetes_config_map_v1.this, kubernetes_service_account_v1.this,
      kubernetes_network_policy_v1.this, kubernetes_pod_disruption_budget_v1.this,
      ], kubernetes_ingress_v1.this, kubernetes_horizontal_pod_autoscaler_v2.this) : object.metadata[0].labels], [kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].labels],
    ) : labels["team"] == "shop" && labels["app.kubernetes.io/managed-by"] == "kindling"])
    error_message = "every object must have the given labels, and those of the platform as they are"
  }
}
