# Each validation refuses what it names.
mock_provider "aws" {}

variables {
  name       = "prod"
  region     = "eu-central-1"
  subnet_ids = ["subnet-a", "subnet-b", "subnet-c"]
  keys = {
    secrets = "arn:aws:kms:eu-central-1:123456789012:key/5ec"
    logs    = "arn:aws:kms:eu-central-1:123456789012:key/106"
    volumes = "arn:aws:kms:eu-central-1:123456789012:key/d15c"
  }
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Prod_1"
  }

  expect_failures = [var.name]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "refuses_a_patch_version" {
  command = plan

  variables {
    kubernetes_version = "1.34.2"
  }

  expect_failures = [var.kubernetes_version]
}

run "refuses_a_version_without_admission_policies" {
  command = plan

  variables {
    kubernetes_version = "1.29"
  }

  expect_failures = [var.kubernetes_version]
}

run "refuses_a_single_subnet" {
  command = plan

  variables {
    subnet_ids = ["subnet-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "refuses_public_service_addresses" {
  command = plan

  variables {
    service_cidr = "8.8.0.0/16"
  }

  expect_failures = [var.service_cidr]
}

run "refuses_an_address_that_is_no_range" {
  command = plan

  variables {
    public_cidrs = ["203.0.113.7"]
  }

  expect_failures = [var.public_cidrs]
}

run "refuses_to_open_the_api_to_everybody" {
  command = plan

  variables {
    public_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_cidrs]
}

run "refuses_to_open_the_api_to_everybody_by_halves" {
  command = plan

  variables {
    public_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.public_cidrs]
}

run "refuses_a_key_that_is_none" {
  command = plan

  variables {
    keys = { secrets = "", logs = "", volumes = "" }
  }

  expect_failures = [var.keys]
}

run "refuses_to_go_without_an_audit_log" {
  command = plan

  variables {
    logs = { types = ["api"] }
  }

  expect_failures = [var.logs]
}

run "refuses_an_unknown_log" {
  command = plan

  variables {
    logs = { types = ["audit", "kubelet"] }
  }

  expect_failures = [var.logs]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    logs = { retention_days = 42 }
  }

  expect_failures = [var.logs]
}

run "refuses_to_go_without_nodes" {
  command = plan

  variables {
    node_groups = {}
  }

  expect_failures = [var.node_groups]
}

run "refuses_tainted_nodes_alone" {
  command = plan

  variables {
    node_groups = { spot = { taints = [{ key = "interruptible" }] } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_an_instance_type_that_is_none" {
  command = plan

  variables {
    node_groups = { general = { instance_types = ["large"] } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_an_unknown_capacity" {
  command = plan

  variables {
    node_groups = { general = { capacity = "FREE" } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_an_unknown_architecture" {
  command = plan

  variables {
    node_groups = { general = { architecture = "riscv" } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_a_volume_that_is_too_small" {
  command = plan

  variables {
    node_groups = { general = { volume_gib = 8 } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_fewer_nodes_than_none" {
  command = plan

  variables {
    node_groups = { general = { nodes = { min = 4, max = 3 } } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_an_unknown_taint_effect" {
  command = plan

  variables {
    node_groups = { general = {}, spot = { taints = [{ key = "interruptible", effect = "Never" }] } }
  }

  expect_failures = [var.node_groups]
}

run "refuses_to_pin_an_unknown_addon" {
  command = plan

  variables {
    addon_versions = { weave = "v2" }
  }

  expect_failures = [var.addon_versions]
}

run "refuses_access_for_somebody_unknown" {
  command = plan

  variables {
    access = { operators = { principal_arn = "operators", policy = "admin" } }
  }

  expect_failures = [var.access]
}

run "refuses_an_unknown_access_policy" {
  command = plan

  variables {
    access = { operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "root" } }
  }

  expect_failures = [var.access]
}

run "refuses_a_cluster_admin_of_a_namespace" {
  command = plan

  variables {
    access = { operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin", namespaces = ["apps"] } }
  }

  expect_failures = [var.access]
}

run "refuses_two_entries_for_one" {
  command = plan

  variables {
    access = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "view" }
      again     = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "edit" }
    }
  }

  expect_failures = [var.access]
}

run "refuses_a_cluster_that_nobody_can_enter" {
  command = plan

  variables {
    creator_is_administrator = false
  }

  expect_failures = [var.creator_is_administrator]
}

run "refuses_an_account_without_namespace" {
  command = plan

  variables {
    pod_identities = { catalog = "arn:aws:iam::123456789012:role/catalog" }
  }

  expect_failures = [var.pod_identities]
}

run "refuses_a_role_that_is_none" {
  command = plan

  variables {
    pod_identities = { "apps/catalog" = "catalog" }
  }

  expect_failures = [var.pod_identities]
}

run "refuses_one_port_for_both" {
  command = plan

  variables {
    ingress = { http_port = 443 }
  }

  expect_failures = [var.ingress]
}
