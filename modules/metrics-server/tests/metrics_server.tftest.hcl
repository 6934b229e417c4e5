mock_provider "kubernetes" {}

variables {
  image = "registry.k8s.io/metrics-server/metrics-server@sha256:89258156d0e9af60403eafd44da9676fd66f600c7934d468ccc17e42b199aee2"
}

run "serves_the_metrics_api" {
  command = plan

  assert {
    condition = (
      kubernetes_api_service_v1.this.metadata[0].name == "v1beta1.metrics.k8s.io"
      && kubernetes_api_service_v1.this.spec[0].service[0].name == kubernetes_service_v1.this.metadata[0].name
      && kubernetes_api_service_v1.this.spec[0].service[0].namespace == "kube-system"
    )
    error_message = "the API service must point to the Service in kube-system"
  }
  assert {
    condition     = kubernetes_service_v1.this.spec[0].selector == kubernetes_deployment_v1.this.spec[0].selector[0].match_labels
    error_message = "the Service must select the Deployment's pods"
  }
}

run "verifies_kubelets_unless_told_otherwise" {
  command = plan

  assert {
    condition     = !contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--kubelet-insecure-tls")
    error_message = "kubelets' certificates must be verified by default"
  }
}

run "trusts_self_signed_kubelets_when_told" {
  command = plan

  variables {
    verify_kubelet_certificates = false
  }

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--kubelet-insecure-tls")
    error_message = "kubelets' certificates must not be verified"
  }
}

run "runs_without_privileges" {
  command = plan

  assert {
    condition = (
      kubernetes_deployment_v1.this.spec[0].template[0].spec[0].security_context[0].run_as_non_root
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].read_only_root_filesystem
      && !kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].allow_privilege_escalation
      && kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].security_context[0].capabilities[0].drop == tolist(["ALL"])
    )
    error_message = "the pod must meet Pod Security restricted with a read-only root file system"
  }
}

run "leaves_the_waiting_to_whoever_applies" {
  command = plan

  assert {
    condition     = !kubernetes_deployment_v1.this.wait_for_rollout
    error_message = "Terraform must not wait for the rollout"
  }
  assert {
    condition     = output.workloads == [{ kind = "Deployment", namespace = "kube-system", name = "metrics-server", part = "metrics-server", await = "started" }]
    error_message = "the Deployment must be among the workloads to watch"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_an_image_without_digest" {
  command = plan

  variables {
    image = "registry.k8s.io/metrics-server/metrics-server:v0.8.0"
  }

  expect_failures = [var.image]
}

run "refuses_less_than_one_replica" {
  command = plan

  variables {
    replicas = 0
  }

  expect_failures = [var.replicas]
}

run "refuses_to_measure_faster_than_kubelets" {
  command = plan

  variables {
    resolution_seconds = 1
  }

  expect_failures = [var.resolution_seconds]
}

run "answers_from_as_many_pods_as_are_asked_for" {
  command = plan

  variables {
    replicas = 2
  }

  assert {
    condition     = kubernetes_deployment_v1.this.spec[0].replicas == "2"
    error_message = "there must be two pods"
  }
}

run "measures_as_often_as_it_is_told" {
  command = plan

  variables {
    resolution_seconds = 60
  }

  assert {
    condition     = contains(kubernetes_deployment_v1.this.spec[0].template[0].spec[0].container[0].args, "--metric-resolution=60s")
    error_message = "there must be a minute between two rounds"
  }
}

run "labels_everything" {
  command = plan

  variables {
    labels = { team = "shop", "app.kubernetes.io/managed-by" = "somebody else" }
  }

  assert {
    condition = alltrue([for labels in [
      kubernetes_deployment_v1.this.metadata[0].labels, kubernetes_service_v1.this.metadata[0].labels, kubernetes_api_service_v1.this.metadata[0].labels,
      kubernetes_service_account_v1.this.metadata[0].labels, kubernetes_cluster_role_v1.this.metadata[0].labels, kubernetes_cluster_role_binding_v1.this.metadata[0].labels,
      kubernetes_cluster_role_binding_v1.auth_delegator.metadata[0].labels, kubernetes_role_binding_v1.auth_reader.metadata[0].labels,
      kubernetes_deployment_v1.this.spec[0].template[0].metadata[0].labels,
    ] : labels["team"] == "shop" && labels["app.kubernetes.io/managed-by"] == "kindling"])
    error_message = "every object must have the given labels, and those of the platform as they are"
  }
}
