mock_provider "kind" {}

override_resource {
  target          = kind_cluster.this
  override_during = plan
  values = {
    uid                = "0c1d"
    endpoint           = "https://127.0.0.1:6443"
    ca_certificate     = "ca"
    client_certificate = "certificate"
    client_key         = "key"
    kubeconfig         = "kubeconfig"
  }
}

variables {
  name       = "dev"
  node_image = "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5"
  network    = "kindling-dev"
}

run "is_one_node_that_holds_the_ports_of_this_host" {
  command = plan

  assert {
    condition     = kind_cluster.this.nodes[*].role == tolist(["control-plane"])
    error_message = "one control-plane node must be enough"
  }
  assert {
    condition = [for port in kind_cluster.this.nodes[0].port_mappings : "${port.listen_address}:${port.host_port}>${port.container_port}"] == [
      "127.0.0.1:80>30080", "127.0.0.1:443>30043",
    ]
    error_message = "ports 80 and 443 must be published on 127.0.0.1 alone"
  }
  assert {
    condition     = kind_cluster.this.nodes[0].labels == tomap({ "ingress-ready" = "true" })
    error_message = "the published node must be labelled for the ingress controller"
  }
}

run "publishes_one_node_of_many" {
  command = plan

  variables {
    nodes   = [{ role = "worker" }, { role = "control-plane", labels = { zone = "a" } }, { role = "worker" }]
    ingress = { http_port = 8080, https_port = 8443 }
  }

  assert {
    condition     = [for node in kind_cluster.this.nodes : length(node.port_mappings)] == [0, 2, 0]
    error_message = "only the first control-plane node may hold ports of this host"
  }
  assert {
    condition     = kind_cluster.this.nodes[1].labels == tomap({ zone = "a", "ingress-ready" = "true" })
    error_message = "the published node must keep its own labels"
  }
  assert {
    condition     = kind_cluster.this.nodes[1].port_mappings[*].host_port == tolist([8080, 8443])
    error_message = "the given ports must be published"
  }
  assert {
    condition     = output.ingress == { http_port = 8080, https_port = 8443, node_ports = { http = 30080, https = 30043 } }
    error_message = "the output must tell the ports"
  }
}

run "encrypts_secrets_and_writes_an_audit_log" {
  command = plan

  assert {
    condition     = kind_cluster.this.encrypt_secrets
    error_message = "Secrets must be encrypted unless told otherwise"
  }
  assert {
    condition     = yamldecode(kind_cluster.this.audit_policy).kind == "Policy"
    error_message = "there must be an audit policy unless told otherwise"
  }
  assert {
    condition = alltrue([
      for rule in yamldecode(kind_cluster.this.audit_policy).rules : contains(["None", "Metadata"], rule.level)
    ])
    error_message = "the audit log must never hold the content of an object"
  }
}

run "leaves_both_out_when_told" {
  command = plan

  variables {
    encrypt_secrets = false
    audit           = false
  }

  assert {
    condition     = !kind_cluster.this.encrypt_secrets && kind_cluster.this.audit_policy == null
    error_message = "neither encryption nor audit may be set up"
  }
}

run "binds_admission_policies" {
  command = plan

  variables {
    admission_policies = ["some.policy"]
  }

  assert {
    condition = yamldecode(kind_cluster.this.manifests["admission-some.policy"]).spec == {
      policyName        = "some.policy"
      validationActions = ["Deny"]
    }
    error_message = "the policy must be bound, and deny"
  }
}

run "hands_the_mirrors_to_the_nodes" {
  command = plan

  variables {
    registry_mirrors = { "registry.k8s.io" = ["http://dev-registry:5000/v2/registry.k8s.io"] }
  }

  assert {
    condition     = kind_cluster.this.registry_mirrors["registry.k8s.io"] == tolist(["http://dev-registry:5000/v2/registry.k8s.io"])
    error_message = "the mirrors must be the given ones"
  }
}

run "tells_workloads_all_that_they_need" {
  command = plan

  assert {
    condition = nonsensitive(output.cluster) == {
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
    error_message = "the output must have the fields that every flavour has"
  }
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Dev_1"
  }

  expect_failures = [var.name]
}

run "refuses_a_moving_node_image" {
  command = plan

  variables {
    node_image = "kindest/node:latest"
  }

  expect_failures = [var.node_image]
}

run "refuses_a_network_that_the_engine_refuses" {
  command = plan

  variables {
    network = "kindling dev"
  }

  expect_failures = [var.network]
}

run "refuses_an_unknown_role" {
  command = plan

  variables {
    nodes = [{ role = "control-plane" }, { role = "storage" }]
  }

  expect_failures = [var.nodes]
}

run "refuses_nodes_without_a_control_plane" {
  command = plan

  variables {
    nodes = [{ role = "worker" }]
  }

  expect_failures = [var.nodes]
}

run "refuses_an_unknown_taint_effect" {
  command = plan

  variables {
    nodes = [{ role = "control-plane", taints = [{ key = "a", effect = "Never" }] }]
  }

  expect_failures = [var.nodes]
}

run "refuses_a_relative_mount" {
  command = plan

  variables {
    nodes = [{ role = "control-plane", extra_mounts = [{ host_path = "data", container_path = "/data" }] }]
  }

  expect_failures = [var.nodes]
}

run "refuses_a_port_that_is_none" {
  command = plan

  variables {
    ingress = { http_port = 0 }
  }

  expect_failures = [var.ingress]
}

run "refuses_one_port_for_both" {
  command = plan

  variables {
    ingress = { http_port = 8080, https_port = 8080 }
  }

  expect_failures = [var.ingress]
}

run "refuses_a_listen_address_that_is_a_name" {
  command = plan

  variables {
    ingress = { listen_address = "localhost" }
  }

  expect_failures = [var.ingress]
}

run "refuses_a_subnet_that_is_none" {
  command = plan

  variables {
    networking = { pod_subnet = "10.244.0.0" }
  }

  expect_failures = [var.networking]
}

run "refuses_an_api_port_that_is_none" {
  command = plan

  variables {
    networking = { api_server_port = -1 }
  }

  expect_failures = [var.networking]
}

run "refuses_a_mirror_that_is_no_url" {
  command = plan

  variables {
    registry_mirrors = { "registry.k8s.io" = ["dev-registry:5000"] }
  }

  expect_failures = [var.registry_mirrors]
}

run "refuses_a_policy_name_that_kubernetes_refuses" {
  command = plan

  variables {
    admission_policies = ["My Policy"]
  }

  expect_failures = [var.admission_policies]
}

run "refuses_a_wait_without_unit" {
  command = plan

  variables {
    wait = "120"
  }

  expect_failures = [var.wait]
}

run "keeps_pods_off_tainted_nodes_and_mounts_folders" {
  command = plan

  variables {
    nodes = [{
      role         = "control-plane"
      taints       = [{ key = "dedicated", value = "edge", effect = "NoSchedule" }, { key = "spare", effect = "NoExecute" }]
      extra_mounts = [{ host_path = "/srv/data", container_path = "/data", read_only = false }, { host_path = "/srv/seed", container_path = "/seed" }]
    }]
  }

  assert {
    condition     = [for taint in kind_cluster.this.nodes[0].taints : "${taint.key}=${taint.value}:${taint.effect}"] == ["dedicated=edge:NoSchedule", "spare=:NoExecute"]
    error_message = "the node must have the given taints"
  }
  assert {
    condition     = [for mount in kind_cluster.this.nodes[0].extra_mounts : "${mount.host_path}>${mount.container_path} ${mount.read_only}"] == ["/srv/data>/data false", "/srv/seed>/seed true"]
    error_message = "folders must be mounted, and for reading alone unless told otherwise"
  }
}

run "listens_on_the_address_that_is_given" {
  command = plan

  variables {
    ingress = { listen_address = "0.0.0.0" }
  }

  assert {
    condition     = toset(kind_cluster.this.nodes[0].port_mappings[*].listen_address) == toset(["0.0.0.0"])
    error_message = "both ports must listen there"
  }
}

run "has_the_networks_that_are_given" {
  command = plan

  variables {
    networking = { pod_subnet = "10.10.0.0/16", service_subnet = "10.11.0.0/16", api_server_port = 16443 }
  }

  assert {
    condition = (
      kind_cluster.this.networking.pod_subnet == "10.10.0.0/16" && kind_cluster.this.networking.service_subnet == "10.11.0.0/16"
      && kind_cluster.this.networking.api_server_port == 16443
    )
    error_message = "ranges and port must be the given ones"
  }
}

run "patches_kubeadm_and_containerd" {
  command = plan

  variables {
    kubeadm_config_patches    = ["kind: KubeletConfiguration\nmaxPods: 50\n"]
    containerd_config_patches = ["[debug]\n  level = \"debug\"\n"]
  }

  assert {
    condition     = kind_cluster.this.kubeadm_config_patches == tolist(["kind: KubeletConfiguration\nmaxPods: 50\n"])
    error_message = "kubeadm must get its patch"
  }
  assert {
    condition     = kind_cluster.this.containerd_config_patches == tolist(["[debug]\n  level = \"debug\"\n"])
    error_message = "containerd must get its patch"
  }
}

run "waits_for_its_nodes" {
  command = plan

  assert {
    condition     = kind_cluster.this.wait == "120s" && kind_cluster.this.wait_at_creation
    error_message = "the nodes must be waited for unless told otherwise"
  }
}

run "leaves_the_waiting_for_nodes_to_others_when_told" {
  command = plan

  variables {
    wait             = "0s"
    wait_at_creation = false
  }

  assert {
    condition     = kind_cluster.this.wait == "0s" && !kind_cluster.this.wait_at_creation
    error_message = "nobody may be waited for"
  }
}
