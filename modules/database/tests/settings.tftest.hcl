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
  image     = "docker.io/library/postgres@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  clients   = ["catalog"]
}

run "carries_another_name_throughout" {
  command = plan

  variables {
    name = "ledger"
  }

  assert {
    condition     = output.connections["catalog"].host == "ledger" && kubernetes_service_v1.this[0].metadata[0].name == "ledger" && kubernetes_stateful_set_v1.this[0].metadata[0].name == "ledger"
    error_message = "server and Service must have the name by which clients reach them"
  }
  assert {
    condition     = toset(keys(module.secrets.secrets)) == toset(["ledger-superuser", "catalog-ledger"]) && startswith(kubernetes_job_v1.setup["catalog"].metadata[0].name, "catalog-ledger-")
    error_message = "Secrets and Jobs of two servers must not meet"
  }
  assert {
    condition     = kubernetes_network_policy_v1.server[0].spec[0].pod_selector[0].match_labels["app.kubernetes.io/name"] == "ledger" && output.connections["catalog"].selector["app.kubernetes.io/name"] == "ledger"
    error_message = "policies must hold for this server"
  }
}

run "runs_as_the_user_of_another_image" {
  command = plan

  variables {
    run_as_user = 70
  }

  assert {
    condition = alltrue([for pod in [kubernetes_stateful_set_v1.this[0], kubernetes_job_v1.setup["catalog"]] :
      pod.spec[0].template[0].spec[0].security_context[0].run_as_user == "70" && pod.spec[0].template[0].spec[0].security_context[0].run_as_group == "70"
    ])
    error_message = "server and Jobs must run as the image's user"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].template[0].spec[0].security_context[0].fs_group == "70"
    error_message = "the volume must be that user's"
  }
}

run "asks_for_a_small_volume_unless_told_otherwise" {
  command = plan

  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].volume_claim_template[0].spec[0].resources[0].requests["storage"] == "1Gi"
    error_message = "the volume must be small when nobody says more"
  }
}

run "keeps_its_data_on_the_volume_that_is_asked_for" {
  command = plan

  variables {
    storage = { size = "20Gi", class = "fast" }
  }

  assert {
    condition = (
      kubernetes_stateful_set_v1.this[0].spec[0].volume_claim_template[0].spec[0].resources[0].requests["storage"] == "20Gi"
      && kubernetes_stateful_set_v1.this[0].spec[0].volume_claim_template[0].spec[0].storage_class_name == "fast"
    )
    error_message = "size and class must be the given ones"
  }
}

run "has_the_resources_that_it_is_given" {
  command = plan

  variables {
    resources = { requests = { cpu = "1", memory = "1Gi" }, limits = { cpu = "2", memory = "2Gi" } }
  }

  assert {
    condition = (
      kubernetes_stateful_set_v1.this[0].spec[0].template[0].spec[0].container[0].resources[0].requests == tomap({ cpu = "1", memory = "1Gi" })
      && kubernetes_stateful_set_v1.this[0].spec[0].template[0].spec[0].container[0].resources[0].limits == tomap({ cpu = "2", memory = "2Gi" })
    )
    error_message = "requests and limits must be the given ones"
  }
}

run "labels_everything" {
  command = plan

  variables {
    labels = { team = "shop", "app.kubernetes.io/managed-by" = "somebody else" }
  }

  assert {
    condition = alltrue([for object in concat(
      kubernetes_stateful_set_v1.this, kubernetes_service_v1.this, kubernetes_network_policy_v1.server,
      [kubernetes_service_account_v1.this, kubernetes_network_policy_v1.setup], values(kubernetes_job_v1.setup),
      ) : object.metadata[0].labels["team"] == "shop" && object.metadata[0].labels["app.kubernetes.io/managed-by"] == "kindling"
    ])
    error_message = "every object must have the given labels, and those of the platform as they are"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].template[0].metadata[0].labels["team"] == "shop" && kubernetes_job_v1.setup["catalog"].spec[0].template[0].metadata[0].labels["team"] == "shop"
    error_message = "pods must have them, too"
  }
}

run "refuses_cpu_that_is_no_amount" {
  command = plan

  variables {
    resources = { requests = { cpu = "half" } }
  }

  expect_failures = [var.resources]
}

run "refuses_memory_that_is_no_amount" {
  command = plan

  variables {
    resources = { limits = { memory = "512MB" } }
  }

  expect_failures = [var.resources]
}

run "refuses_an_external_server_without_a_password" {
  command = plan

  variables {
    external = { host = "db.example.org", admin_user = "boss", admin_password_revision = "1" }
  }

  expect_failures = [kubernetes_secret_v1.admin]
}
