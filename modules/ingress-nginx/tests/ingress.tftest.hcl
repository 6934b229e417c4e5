mock_provider "kubernetes" {}

variables {
  image = "registry.k8s.io/ingress-nginx/controller@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
  certificate = {
    certificate_file = "./tests/fixtures/certificate.txt"
    key_file         = "./tests/fixtures/key.txt"
  }
}

run "takes_the_published_nodes_ports" {
  command = plan

  assert {
    condition = (
      kubernetes_service_v1.controller.spec[0].type == "NodePort"
      && { for port in kubernetes_service_v1.controller.spec[0].port : port.node_port => port.target_port } == { 30080 = "http", 30043 = "https" }
    )
    error_message = "the published node's ports must lead to the controller"
  }
  assert {
    condition     = kubernetes_service_v1.controller.spec[0].external_traffic_policy == "Local"
    error_message = "the published node must ask its own pods, and keep the client's address"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].node_selector == tomap({ "ingress-ready" = "true" })
    error_message = "the controller must run on the published node"
  }
}

run "runs_on_a_tainted_control_plane" {
  command = plan

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].toleration[*].key == tolist(["node-role.kubernetes.io/control-plane"])
    error_message = "the published node may be a control-plane node with its taint"
  }
}

run "is_replaced_without_a_gap" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_surge == "1"
      && kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_unavailable == "0"
    )
    error_message = "the new pod must be there before the old one goes"
  }
  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--shutdown-grace-period=5")
    error_message = "a pod that goes must serve on until kube-proxy has noticed"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0].success_threshold == 3
    error_message = "a new pod must not be asked before nginx knows the services' pods"
  }
  assert {
    condition     = length([for port in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].port : port if port.host_port != null]) == 0
    error_message = "two pods could not hold one port of a node"
  }
  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted"
    error_message = "the namespace must be restricted"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].security_context[0].run_as_non_root
    error_message = "the provider sends false for the pod when nothing is said, which restricted refuses"
  }
}

run "stands_behind_a_load_balancer_when_told" {
  command = plan

  variables {
    replicas = 3
    load_balancer = {
      annotations   = { "service.beta.kubernetes.io/aws-load-balancer-type" = "nlb" }
      source_ranges = ["203.0.113.0/24"]
    }
  }

  assert {
    condition = (
      kubernetes_service_v1.controller.spec[0].type == "LoadBalancer"
      && kubernetes_service_v1.controller.spec[0].external_traffic_policy == "Local"
      && kubernetes_service_v1.controller.spec[0].load_balancer_source_ranges == toset(["203.0.113.0/24"])
      && kubernetes_service_v1.controller.metadata[0].annotations["service.beta.kubernetes.io/aws-load-balancer-type"] == "nlb"
      && { for port in kubernetes_service_v1.controller.spec[0].port : port.port => port.target_port } == { 80 = "http", 443 = "https" }
    )
    error_message = "a load balancer must lead to the pods"
  }
  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].replicas == "3"
      && kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_surge == "1"
      && kubernetes_deployment_v1.this.spec[0].strategy[0].rolling_update[0].max_unavailable == "0"
    )
    error_message = "the new pod must be there before an old one goes"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].topology_spread_constraint[*].topology_key == tolist(["kubernetes.io/hostname", "topology.kubernetes.io/zone"])
    error_message = "pods must be spread over nodes and zones"
  }
  assert {
    condition     = !contains(keys(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].node_selector), "ingress-ready") && length(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].toleration) == 0
    error_message = "pods must run on ordinary nodes, whichever"
  }
  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--publish-service=$(POD_NAMESPACE)/${kubernetes_service_v1.controller.metadata[0].name}")
    error_message = "Ingresses must tell the load balancer's address"
  }
}

run "serves_until_the_load_balancer_has_noticed" {
  command = plan

  variables {
    load_balancer = {}
  }

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--shutdown-grace-period=30")
    error_message = "a pod that goes must serve on for a while"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].termination_grace_period_seconds > 30 + tonumber(trimsuffix(kubernetes_config_map_v1.this.data["worker-shutdown-timeout"], "s"))
    error_message = "the pod must live longer than both take"
  }
}

run "tells_this_hosts_address" {
  command = plan

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--publish-status-address=localhost")
    error_message = "Ingresses must tell this host's address"
  }
}

run "refuses_a_load_balancer_with_one_port_for_both" {
  command = plan

  variables {
    load_balancer = { http_port = 443 }
  }

  expect_failures = [var.load_balancer]
}

run "refuses_clients_that_are_no_addresses" {
  command = plan

  variables {
    load_balancer = { source_ranges = ["office"] }
  }

  expect_failures = [var.load_balancer]
}

run "lets_requests_in_flight_end" {
  command = plan

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].lifecycle[0].pre_stop[0].exec[0].command == tolist(["/wait-shutdown"])
    error_message = "the controller must shut down gracefully"
  }
  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].termination_grace_period_seconds > tonumber(trimsuffix(kubernetes_config_map_v1.this.data["worker-shutdown-timeout"], "s"))
    error_message = "the pod must live longer than its workers need to end"
  }
}

run "is_probed_every_second_from_the_start" {
  command = plan

  assert {
    condition = alltrue([
      for probe in [
        kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].startup_probe[0],
        kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0],
      ] : probe.period_seconds == 1 && coalesce(probe.initial_delay_seconds, 0) == 0
    ])
    error_message = "startup and readiness must be asked each second, without a delay"
  }
}

run "is_hardened" {
  command = plan

  assert {
    condition = (
      kubernetes_config_map_v1.this.data["allow-snippet-annotations"] == "false"
      && kubernetes_config_map_v1.this.data["annotations-risk-level"] == "Low"
      && kubernetes_config_map_v1.this.data["strict-validate-path-type"] == "true"
      && kubernetes_config_map_v1.this.data["allow-cross-namespace-resources"] == "false"
    )
    error_message = "snippets, risky annotations, loose paths and other namespaces' secrets must be off"
  }
  assert {
    condition     = length([for arg in kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args : arg if startswith(arg, "--validating-webhook")]) == 0
    error_message = "the controller's own webhook must be off"
  }
  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--enable-annotation-validation=true")
    error_message = "annotations must be validated"
  }
}

run "drops_privileges" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].run_as_user == "101"
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].capabilities[0].drop == tolist(["ALL"])
      && !kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].allow_privilege_escalation
    )
    error_message = "the controller must run as its own user without privileges"
  }
}

run "runs_as_the_user_of_another_image" {
  command = plan

  variables {
    run_as_user = 33
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].run_as_user == "33"
    error_message = "the given user must be taken"
  }
}

run "is_the_default_class" {
  command = plan

  assert {
    condition     = kubernetes_ingress_class_v1.this.metadata[0].annotations["ingressclass.kubernetes.io/is-default-class"] == "true"
    error_message = "Ingresses that name no class must be served"
  }
  assert {
    condition     = output.class == kubernetes_ingress_class_v1.this.metadata[0].name
    error_message = "the output must name the class"
  }
}

run "keeps_the_key_out_of_the_plan" {
  command = plan

  assert {
    condition     = kubernetes_secret_v1.certificate.data_wo == null
    error_message = "certificate and key must only pass through the write-only argument"
  }
}

run "writes_the_certificate_again_when_it_was_renewed" {
  command = plan

  variables {
    certificate = {
      certificate_file = "./tests/fixtures/renewed.txt"
      key_file         = "./tests/fixtures/key.txt"
    }
  }

  assert {
    condition     = kubernetes_secret_v1.certificate.data_wo_revision != parseint(substr(filesha256("./tests/fixtures/certificate.txt"), 0, 7), 16) + 1
    error_message = "another certificate must be another revision"
  }
}

run "redirects_and_remembers_https_by_default" {
  command = plan

  assert {
    condition     = kubernetes_config_map_v1.this.data["ssl-redirect"] == "true" && kubernetes_config_map_v1.this.data["hsts"] == "true"
    error_message = "HTTP must be redirected and HSTS sent unless told otherwise"
  }
}

run "leaves_http_open_when_told" {
  command = plan

  variables {
    https = { redirect = false, hsts = false }
  }

  assert {
    condition     = kubernetes_config_map_v1.this.data["ssl-redirect"] == "false" && kubernetes_config_map_v1.this.data["hsts"] == "false"
    error_message = "HTTP must stay open and HSTS must not be sent"
  }
}

run "lets_no_annotation_through_that_is_not_listed" {
  command = plan

  variables {
    allowed_annotations = ["nginx.ingress.kubernetes.io/proxy-body-size"]
  }

  assert {
    condition = endswith(
      kubernetes_validating_admission_policy_v1.this.spec.validations[0].expression,
      "all(name, !(name.contains('ingress.kubernetes.io/') || name == 'kubernetes.io/ingress.class') || name in [\"nginx.ingress.kubernetes.io/proxy-body-size\"])",
    )
    error_message = "the policy must let the listed annotations through, and no other"
  }
  assert {
    condition     = kubernetes_validating_admission_policy_v1.this.spec.failure_policy == "Fail"
    error_message = "an Ingress that cannot be judged must be refused"
  }
}

run "leaves_the_waiting_to_whoever_applies" {
  command = plan

  assert {
    condition     = !kubernetes_deployment_v1.this.wait_for_rollout
    error_message = "Terraform must not wait for the rollout"
  }
  assert {
    condition     = output.workloads == [{ kind = "Deployment", namespace = "ingress-nginx", name = "controller", part = "ingress-nginx" }]
    error_message = "the Deployment must be among the workloads to watch"
  }
}

run "refuses_a_certificate_that_is_not_there" {
  command = plan

  variables {
    certificate = {
      certificate_file = "./tests/fixtures/missing.txt"
      key_file         = "./tests/fixtures/key.txt"
    }
  }

  expect_failures = [kubernetes_secret_v1.certificate]
}

run "refuses_an_image_without_digest" {
  command = plan

  variables {
    image = "registry.k8s.io/ingress-nginx/controller:v1.15.1"
  }

  expect_failures = [var.image]
}

run "refuses_a_namespace_that_is_no_dns_label" {
  command = plan

  variables {
    namespace = "Ingress_"
  }

  expect_failures = [var.namespace]
}

run "refuses_to_run_as_root" {
  command = plan

  variables {
    run_as_user = 0
  }

  expect_failures = [var.run_as_user]
}

run "follows_the_cluster_no_faster_than_published_controllers_can" {
  command = plan

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--sync-rate-limit=0.3")
    error_message = "published controllers lose changes that come faster"
  }
}

run "follows_the_cluster_faster_when_told" {
  command = plan

  variables {
    sync_rate = 2
  }

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--sync-rate-limit=2")
    error_message = "sync_rate must reach the controller"
  }
}

run "refuses_to_never_follow" {
  command = plan

  variables {
    sync_rate = 0
  }

  expect_failures = [var.sync_rate]
}

run "refuses_less_than_one_replica" {
  command = plan

  variables {
    replicas = 0
  }

  expect_failures = [var.replicas]
}

run "refuses_no_workers" {
  command = plan

  variables {
    workers = 0
  }

  expect_failures = [var.workers]
}

run "refuses_one_port_for_both" {
  command = plan

  variables {
    node_ports = { http = 30080, https = 30080 }
  }

  expect_failures = [var.node_ports]
}

run "refuses_a_port_that_nodes_do_not_give" {
  command = plan

  variables {
    node_ports = { http = 80 }
  }

  expect_failures = [var.node_ports]
}

run "refuses_an_annotation_without_prefix" {
  command = plan

  variables {
    allowed_annotations = ["rewrite-target"]
  }

  expect_failures = [var.allowed_annotations]
}

run "lives_in_the_namespace_that_is_named" {
  command = plan

  variables {
    namespace = "edge"
  }

  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].name == "edge" && output.namespace == "edge" && output.workloads[0].namespace == "edge"
    error_message = "the namespace must be made, and told"
  }
  assert {
    condition = alltrue([for object in [
      kubernetes_deployment_v1.this, kubernetes_service_v1.controller, kubernetes_service_v1.metrics, kubernetes_config_map_v1.this, kubernetes_secret_v1.certificate,
      kubernetes_service_account_v1.this, kubernetes_role_v1.this, kubernetes_role_binding_v1.this, kubernetes_network_policy_v1.this, kubernetes_pod_disruption_budget_v1.this,
    ] : object.metadata[0].namespace == "edge"])
    error_message = "everything must be in it"
  }
}

run "answers_at_the_ports_of_the_load_balancer" {
  command = plan

  variables {
    load_balancer = { http_port = 8080, https_port = 8443 }
  }

  assert {
    condition     = [for port in kubernetes_service_v1.controller.spec[0].port : "${port.name}:${port.port}>${port.target_port}"] == ["http:8080>http", "https:8443>https"]
    error_message = "the load balancer must have the given ports"
  }
}

run "takes_the_ports_of_the_nodes_that_are_given" {
  command = plan

  variables {
    node_ports = { http = 31080, https = 31443 }
  }

  assert {
    condition     = kubernetes_service_v1.controller.spec[0].port[*].node_port == tolist([31080, 31443])
    error_message = "the nodes' ports must be the given ones"
  }
}

run "runs_on_the_nodes_that_are_published" {
  command = plan

  variables {
    node_selector = { "node-pool" = "edge" }
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].template[0].spec[0].node_selector == tomap({ "node-pool" = "edge" })
    error_message = "pods must run where the ports lead"
  }
}

run "writes_the_address_that_it_is_told_into_ingresses" {
  command = plan

  variables {
    address = "shop.example.org"
  }

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--publish-status-address=shop.example.org")
    error_message = "the address must be the given one"
  }
}

run "has_as_many_workers_as_are_asked_for" {
  command = plan

  variables {
    workers = 8
  }

  assert {
    condition     = kubernetes_config_map_v1.this.data["worker-processes"] == "8"
    error_message = "each pod must have eight workers"
  }
}

run "labels_everything" {
  command = plan

  variables {
    labels = { team = "shop", "app.kubernetes.io/managed-by" = "somebody else" }
  }

  assert {
    condition = alltrue([for labels in concat([for object in [
      kubernetes_namespace_v1.this, kubernetes_ingress_class_v1.this, kubernetes_secret_v1.certificate, kubernetes_config_map_v1.this, kubernetes_service_v1.metrics,
      kubernetes_service_v1.controller, kubernetes_network_policy_v1.this, kubernetes_deployment_v1.this, kubernetes_pod_disruption_budget_v1.this, kubernetes_service_account_v1.this,
      kubernetes_cluster_role_v1.this, kubernetes_cluster_role_binding_v1.this, kubernetes_role_v1.this, kubernetes_role_binding_v1.this,
      ] : object.metadata[0].labels], [kubernetes_validating_admission_policy_v1.this.metadata.labels, kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].labels],
    ) : labels["team"] == "shop" && labels["app.kubernetes.io/managed-by"] == "kindling"])
    error_message = "every object must have the given labels, and those of the platform as they are"
  }
}
