mock_provider "kubernetes" {}

variables {
  name = "apps"
}

run "enforces_restricted_pod_security" {
  command = plan

  assert {
    condition = alltrue([
      for mode in ["enforce", "audit", "warn"] :
      kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/${mode}"] == "restricted"
    ])
    error_message = "enforce, audit and warn must be restricted"
  }
}

run "relaxes_only_what_is_enforced" {
  command = plan

  variables {
    pod_security = "baseline"
  }

  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/enforce"] == "baseline"
    error_message = "the given level must be enforced"
  }
  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/warn"] == "restricted"
    error_message = "warnings must stay restricted"
  }
}

run "refuses_all_traffic_both_ways" {
  command = plan

  assert {
    condition     = toset(kubernetes_network_policy_v1.default_deny.spec[0].policy_types) == toset(["Ingress", "Egress"])
    error_message = "the policy must hold both ways"
  }
  assert {
    condition     = length(kubernetes_network_policy_v1.default_deny.spec[0].ingress) == 0 && length(kubernetes_network_policy_v1.default_deny.spec[0].egress) == 0
    error_message = "the policy must allow nothing"
  }
  assert {
    condition = (
      length(kubernetes_network_policy_v1.default_deny.spec[0].pod_selector[0].match_expressions) == 0
      && try(length(kubernetes_network_policy_v1.default_deny.spec[0].pod_selector[0].match_labels), 0) == 0
    )
    error_message = "the policy must hold for all pods"
  }
}

run "gives_the_default_account_no_token" {
  command = plan

  assert {
    condition     = kubernetes_default_service_account_v1.this.automount_service_account_token == false
    error_message = "the default service account must not mount a token"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "My_Apps"
  }

  expect_failures = [var.name]
}

run "refuses_a_name_that_belongs_to_kubernetes" {
  command = plan

  variables {
    name = "kube-apps"
  }

  expect_failures = [var.name]
}

run "refuses_an_unknown_pod_security_level" {
  command = plan

  variables {
    pod_security = "none"
  }

  expect_failures = [var.pod_security]
}

run "labels_everything" {
  command = plan

  variables {
    labels = { team = "shop", "pod-security.kubernetes.io/enforce" = "privileged" }
  }

  assert {
    condition = alltrue([for labels in [
      kubernetes_namespace_v1.this.metadata[0].labels, kubernetes_network_policy_v1.default_deny.metadata[0].labels, kubernetes_default_service_account_v1.this.metadata[0].labels,
    ] : labels["team"] == "shop" && labels["app.kubernetes.io/managed-by"] == "kindling"])
    error_message = "every object must have the given labels"
  }
  assert {
    condition     = kubernetes_namespace_v1.this.metadata[0].labels["pod-security.kubernetes.io/enforce"] == "restricted"
    error_message = "a label must not take Pod Security back"
  }
}
