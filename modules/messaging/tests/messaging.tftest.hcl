# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_resource {
  target          = module.secrets.kubernetes_secret_v1.this
  override_during = plan
  values          = { metadata = { uid = "5ec" } }
}

override_resource {
  target          = kubernetes_stateful_set_v1.this
  override_during = plan
  values          = { metadata = { uid = "5e7" } }
}

variables {
  namespace = "apps"
  image     = "docker.io/library/nats@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  clients   = ["catalog", "stock-keeper"]
}

run "gives_each_client_a_user_and_a_secret" {
  command = plan

  assert {
    condition = output.connections["stock-keeper"] == {
      url      = "nats://messaging.apps.svc:4222"
      user     = "stock-keeper"
      stream   = "EVENTS"
      port     = 4222
      selector = { "app.kubernetes.io/name" = "messaging", "app.kubernetes.io/component" = "server" }
      secret   = { name = "stock-keeper-messaging", key = "password", uid = "5ec", fingerprint = "5ec.32" }
    }
    error_message = "a connection must name URL, user, stream, pods and secret"
  }
  assert {
    condition     = toset(keys(output.connections)) == toset(["catalog", "stock-keeper"])
    error_message = "there must be a connection for each client"
  }
  assert {
    condition     = toset(keys(module.secrets.secrets)) == toset(["messaging-setup", "catalog-messaging", "stock-keeper-messaging"])
    error_message = "there must be one Secret for the setup and one for each client"
  }
}

run "lets_clients_in_by_the_passwords_of_their_secrets" {
  command = plan

  assert {
    condition = {
      for env in kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].env :
      env.name => env.value_from[0].secret_key_ref[0].name if try(length(env.value_from[0].secret_key_ref), 0) > 0
    } == { SETUP_SECRET = "messaging-setup", CLIENT_CATALOG_SECRET = "catalog-messaging", CLIENT_STOCK_KEEPER_SECRET = "stock-keeper-messaging" }
    error_message = "the servers must read every password from its Secret"
  }
  assert {
    condition = alltrue([
      for name in ["SETUP", "CLIENT_CATALOG", "CLIENT_STOCK_KEEPER"] : contains(
        [for env in kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].env : "${env.name}=${env.value}" if env.value != null],
        "${name}_PASSWORD=\"$(${name}_SECRET)\"",
      )
    ])
    error_message = "passwords must reach the configuration in quotes: one that begins like a number would be one"
  }
  assert {
    condition = alltrue([
      for name in ["SETUP", "CLIENT_CATALOG", "CLIENT_STOCK_KEEPER"] : strcontains(kubernetes_config_map_v1.this.data["clients.conf"], format("password: $%s_PASSWORD\n", name))
    ])
    error_message = "the configuration must name the variables, and no password"
  }
}

run "holds_each_client_to_its_own_subjects" {
  command = plan

  assert {
    condition = alltrue([
      for client in ["catalog", "stock-keeper"] : alltrue([
        for subject in ["events.${client}.>", "$JS.API.CONSUMER.CREATE.EVENTS.${client}.>", "$JS.ACK.EVENTS.${client}.>", "_INBOX_${client}.>"] :
        strcontains(kubernetes_config_map_v1.this.data["clients.conf"], "\"${subject}\"")
      ])
    ])
    error_message = "a client must have the subjects of its own name"
  }
  assert {
    condition     = !can(regex("\"(>|events[.]>|[$]JS[.]API[.]>|[$]JS[.]ACK[.]>|_INBOX[.]>)\"", kubernetes_config_map_v1.this.data["clients.conf"]))
    error_message = "nobody may have everybody's subjects"
  }
}

run "sets_the_stream_up_by_a_job" {
  command = plan

  assert {
    condition     = can(regex("^messaging-setup-[0-9a-f]{8}$", kubernetes_job_v1.setup.metadata[0].name)) && output.workloads[1].name == kubernetes_job_v1.setup.metadata[0].name
    error_message = "the Job's name must carry a hash"
  }
  assert {
    condition     = !kubernetes_job_v1.setup.wait_for_completion && kubernetes_job_v1.setup.spec[0].template[0].spec[0].restart_policy == "OnFailure"
    error_message = "Terraform must not wait for the Job, and the Job must try again when no server serves yet"
  }
  assert {
    condition = jsondecode({ for env in kubernetes_job_v1.setup.spec[0].template[0].spec[0].container[0].env : env.name => env.value }["STREAM"]) == {
      name = "EVENTS", subjects = ["events.>"], replicas = 1, max_age_hours = 168, max_bytes = 715827882, duplicate_seconds = 120
    }
    error_message = "the stream must keep events for a week, on two thirds of the volume"
  }
  assert {
    condition     = { for env in kubernetes_job_v1.setup.spec[0].template[0].spec[0].container[0].env : env.name => try(env.value_from[0].secret_key_ref[0].name, null) }["MESSAGING_PASSWORD"] == "messaging-setup"
    error_message = "the Job must read its own password"
  }
}

run "makes_a_new_job_when_a_secret_was_made_anew" {
  command = plan

  override_resource {
    target          = module.secrets.kubernetes_secret_v1.this
    override_during = plan
    values          = { metadata = { uid = "5ec-again" } }
  }

  assert {
    condition     = output.workloads[1].name != run.sets_the_stream_up_by_a_job.workloads[1].name
    error_message = "the Job's name must change with the Secret's identity"
  }
  assert {
    condition     = strcontains(kubernetes_stateful_set_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/secrets"], "catalog-messaging=5ec-again.32")
    error_message = "the servers must restart when a password is another one"
  }
}

run "makes_a_new_job_when_the_servers_were_made_anew" {
  command = plan

  override_resource {
    target          = kubernetes_stateful_set_v1.this
    override_during = plan
    values          = { metadata = { uid = "5e7-again" } }
  }

  assert {
    condition     = output.workloads[1].name != run.sets_the_stream_up_by_a_job.workloads[1].name
    error_message = "the Job's name must change with the servers' identity"
  }
}

run "keeps_events_as_long_as_it_is_told" {
  command = plan

  variables {
    stream = { max_age_hours = 24, max_bytes = 104857600 }
  }

  assert {
    condition = { for name, value in jsondecode({ for env in kubernetes_job_v1.setup.spec[0].template[0].spec[0].container[0].env : env.name => env.value }["STREAM"]) : name => value if startswith(name, "max_") } == {
      max_age_hours = 24, max_bytes = 104857600
    }
    error_message = "age and size must be those that are given"
  }
  assert {
    condition     = output.workloads[1].name != run.sets_the_stream_up_by_a_job.workloads[1].name
    error_message = "another stream must be set up by another Job"
  }
}

run "restarts_the_servers_for_a_new_client_and_sets_nothing_up_again" {
  command = plan

  variables {
    clients = ["catalog", "newcomer", "stock-keeper"]
  }

  assert {
    condition     = strcontains(kubernetes_stateful_set_v1.this.spec[0].template[0].metadata[0].annotations["kindling.internal/secrets"], "newcomer-messaging=")
    error_message = "the servers read at their start who may connect"
  }
  assert {
    condition     = output.workloads[1].name == run.sets_the_stream_up_by_a_job.workloads[1].name
    error_message = "a new client changes nothing of the stream"
  }
}

run "runs_one_server_alone" {
  command = plan

  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].replicas == "1" && kubernetes_config_map_v1.this.data["cluster.conf"] == "" && length(kubernetes_pod_disruption_budget_v1.this) == 0
    error_message = "one server must look for no others"
  }
  assert {
    condition     = length(kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].lifecycle) == 0
    error_message = "one server has nobody to hand its connections to: it must stop at once"
  }
  assert {
    condition     = length(kubernetes_network_policy_v1.server.spec[0].ingress) == 1 && length(kubernetes_network_policy_v1.server.spec[0].egress) == 0
    error_message = "one server must hear its clients alone, and connect to nobody"
  }
}

run "runs_three_servers_that_each_keep_every_event" {
  command = plan

  variables {
    servers = 3
    name    = "events"
  }

  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].replicas == "3" && kubernetes_stateful_set_v1.this.spec[0].pod_management_policy == "Parallel"
    error_message = "there must be three, and none may wait for another to be ready"
  }
  assert {
    condition = alltrue([
      for number in [0, 1, 2] : strcontains(kubernetes_config_map_v1.this.data["cluster.conf"], "nats://events-${number}.events-servers.apps.svc:6222")
    ]) && kubernetes_service_v1.servers.spec[0].publish_not_ready_addresses && kubernetes_service_v1.servers.spec[0].cluster_ip == "None"
    error_message = "the servers must find each other before they are ready"
  }
  assert {
    condition     = jsondecode({ for env in kubernetes_job_v1.setup.spec[0].template[0].spec[0].container[0].env : env.name => env.value }["STREAM"]).replicas == 3
    error_message = "every server must keep every event"
  }
  assert {
    condition     = kubernetes_pod_disruption_budget_v1.this[0].spec[0].max_unavailable == "1"
    error_message = "two of them must stay"
  }
  assert {
    condition     = { for spread in kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].topology_spread_constraint : spread.topology_key => spread.when_unsatisfiable }["kubernetes.io/hostname"] == "DoNotSchedule"
    error_message = "each must be on a node of its own"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].lifecycle[0].pre_stop[0].exec[0].command == tolist(["/nats-server", "--signal", "ldm=/run/nats/nats.pid"])
    error_message = "a server that stops must hand its connections over"
  }
  assert {
    condition     = kubernetes_network_policy_v1.server.spec[0].ingress[1].from[*].pod_selector[0].match_labels == tolist([tomap({ "app.kubernetes.io/name" = "events", "app.kubernetes.io/component" = "server" })]) && kubernetes_network_policy_v1.server.spec[0].ingress[1].ports[*].port == tolist(["6222"])
    error_message = "only servers may speak to servers"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].volume_claim_template[0].metadata[0].name != "data"
    error_message = "three servers must not open the volume of one alone"
  }
}

run "keeps_the_events_when_the_servers_are_deleted" {
  command = plan

  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].persistent_volume_claim_retention_policy[0].when_deleted == "Retain"
    error_message = "the volume must outlive the set"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].volume_claim_template[0].spec[0].resources[0].requests["storage"] == "1Gi" && kubernetes_stateful_set_v1.this.spec[0].volume_claim_template[0].metadata[0].name == "data"
    error_message = "the volume must have the default size"
  }
  assert {
    condition     = contains([for env in kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].env : "${env.name}=${env.value}" if env.value != null], "MAX_FILE_STORE=966367641")
    error_message = "the server must know how much of the volume it may fill"
  }
}

run "meets_restricted_pod_security" {
  command = plan

  assert {
    condition = alltrue([
      for template in [kubernetes_stateful_set_v1.this.spec[0].template[0], kubernetes_job_v1.setup.spec[0].template[0]] : (
        template.spec[0].security_context[0].run_as_non_root
        && template.spec[0].security_context[0].seccomp_profile[0].type == "RuntimeDefault"
        && !template.spec[0].automount_service_account_token
        && template.spec[0].container[0].security_context[0].read_only_root_filesystem
        && !template.spec[0].container[0].security_context[0].allow_privilege_escalation
        && template.spec[0].container[0].security_context[0].capabilities[0].drop == tolist(["ALL"])
      )
    ])
    error_message = "the servers' and the Job's pods must meet Pod Security restricted"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].security_context[0].run_as_user == "65532"
    error_message = "the servers must run as the image's user"
  }
}

run "runs_as_another_user_and_with_other_resources" {
  command = plan

  variables {
    run_as_user = 1000
    storage     = { size = "512Mi", class = "fast" }
    resources   = { requests = { cpu = "100m", memory = "128Mi" }, limits = { cpu = "2", memory = "1Gi" } }
    labels      = { "app.kubernetes.io/part-of" = "shop" }
  }

  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].security_context[0].fs_group == "1000" && kubernetes_job_v1.setup.spec[0].template[0].spec[0].security_context[0].run_as_user == "1000"
    error_message = "the user must be the given one"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].volume_claim_template[0].spec[0].storage_class_name == "fast" && kubernetes_stateful_set_v1.this.spec[0].volume_claim_template[0].spec[0].resources[0].requests["storage"] == "512Mi"
    error_message = "the volume must be of the given class and size"
  }
  assert {
    condition     = jsondecode({ for env in kubernetes_job_v1.setup.spec[0].template[0].spec[0].container[0].env : env.name => env.value }["STREAM"]).max_bytes == 357913941
    error_message = "what is kept must follow the volume's size"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].resources[0].requests == tomap({ cpu = "100m", memory = "128Mi" }) && kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].resources[0].limits == tomap({ cpu = "2", memory = "1Gi" })
    error_message = "requests and limits must be the given ones"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this.metadata[0].labels["app.kubernetes.io/part-of"] == "shop"
    error_message = "labels must reach the objects"
  }
}

run "hears_its_clients_and_the_setup_only" {
  command = plan

  assert {
    condition = toset([for from in kubernetes_network_policy_v1.server.spec[0].ingress[0].from : from.pod_selector[0].match_labels]) == toset([
      tomap({ "app.kubernetes.io/name" = "messaging", "app.kubernetes.io/component" = "setup" }),
      tomap({ "app.kubernetes.io/name" = "catalog" }),
      tomap({ "app.kubernetes.io/name" = "stock-keeper" }),
    ])
    error_message = "only clients and the setup may connect"
  }
  assert {
    condition     = kubernetes_network_policy_v1.server.spec[0].ingress[0].ports[*].port == tolist(["4222"])
    error_message = "clients must reach their port and no other"
  }
}

run "asks_a_server_for_its_health" {
  command = plan

  assert {
    condition = [for probe in [
      kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].startup_probe[0],
      kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].readiness_probe[0],
      kubernetes_stateful_set_v1.this.spec[0].template[0].spec[0].container[0].liveness_probe[0],
    ] : probe.http_get[0].path] == ["/healthz", "/healthz?js-server-only=true", "/healthz?js-enabled-only=true"]
    error_message = "a server that waits for the others must not be killed for it"
  }
}

run "serves_without_clients" {
  command = plan

  variables {
    clients = []
  }

  assert {
    condition     = length(output.connections) == 0 && [for workload in output.workloads : workload.kind] == ["StatefulSet", "Job"]
    error_message = "without clients there must be the server and its stream"
  }
}

run "refuses_a_stream_that_the_volume_has_no_room_for" {
  command = plan

  variables {
    stream = { max_bytes = 1073741824 }
  }

  expect_failures = [kubernetes_job_v1.setup]
}

run "refuses_a_namespace_that_is_no_dns_label" {
  command = plan

  variables {
    namespace = "Apps_"
  }

  expect_failures = [var.namespace]
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Messaging"
  }

  expect_failures = [var.name]
}

run "refuses_an_image_without_digest" {
  command = plan

  variables {
    image = "nats:2"
  }

  expect_failures = [var.image]
}

run "refuses_to_run_as_root" {
  command = plan

  variables {
    run_as_user = 0
  }

  expect_failures = [var.run_as_user]
}

run "refuses_a_client_that_is_no_dns_label" {
  command = plan

  variables {
    clients = ["catalog.>"]
  }

  expect_failures = [var.clients]
}

run "refuses_two_servers" {
  command = plan

  variables {
    servers = 2
  }

  expect_failures = [var.servers]
}

run "refuses_to_keep_events_for_no_time" {
  command = plan

  variables {
    stream = { max_age_hours = 0 }
  }

  expect_failures = [var.stream]
}

run "refuses_to_keep_next_to_nothing" {
  command = plan

  variables {
    stream = { max_bytes = 1000 }
  }

  expect_failures = [var.stream]
}

run "refuses_a_size_without_unit" {
  command = plan

  variables {
    storage = { size = "1000" }
  }

  expect_failures = [var.storage]
}
