mock_provider "aws" {}

override_resource {
  target          = aws_eks_cluster.this
  override_during = plan
  values = {
    arn                   = "arn:aws:eks:eu-central-1:123456789012:cluster/prod"
    endpoint              = "https://0C1D.gr7.eu-central-1.eks.amazonaws.com"
    certificate_authority = [{ data = "Y2E=" }]
  }
}

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

run "answers_inside_of_the_network_alone" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "the API must be private unless told otherwise"
  }
}

run "answers_given_addresses_when_told" {
  command = plan

  variables {
    public_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition = (
      aws_eks_cluster.this.vpc_config[0].endpoint_public_access
      && aws_eks_cluster.this.vpc_config[0].endpoint_private_access
      && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    )
    error_message = "the API must answer the given addresses, and the network"
  }
}

run "encrypts_secrets_with_the_given_key" {
  command = plan

  assert {
    condition = (
      aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"])
      && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == "arn:aws:kms:eu-central-1:123456789012:key/5ec"
    )
    error_message = "Secrets must be encrypted with the customer's key"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.cluster_key.policy).Statement[0].Resource == "arn:aws:kms:eu-central-1:123456789012:key/5ec"
    error_message = "the control plane may use that key and no other"
  }
}

run "logs_everything_encrypted_and_not_for_ever" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "the control plane must log all it can"
  }
  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/eks/prod/cluster"
      && aws_cloudwatch_log_group.this.retention_in_days == 90
      && aws_cloudwatch_log_group.this.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/106"
    )
    error_message = "the log group must be the one that EKS writes to, encrypted, and kept for 90 days"
  }
}

run "lets_people_in_by_access_entries" {
  command = plan

  variables {
    creator_is_administrator = false
    access = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
      shop      = { principal_arn = "arn:aws:iam::123456789012:role/shop", policy = "edit", namespaces = ["apps"] }
    }
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "access entries alone must let people in, and not the creator"
  }
  assert {
    condition = (
      aws_eks_access_policy_association.this["operators"].access_scope[0].type == "cluster"
      && endswith(aws_eks_access_policy_association.this["operators"].policy_arn, "/AmazonEKSClusterAdminPolicy")
    )
    error_message = "the administrator must be one everywhere"
  }
  assert {
    condition = (
      aws_eks_access_policy_association.this["shop"].access_scope[0].type == "namespace"
      && aws_eks_access_policy_association.this["shop"].access_scope[0].namespaces == toset(["apps"])
    )
    error_message = "an entry with namespaces must hold in these alone"
  }
}

run "makes_the_creator_an_administrator_by_default" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions && length(aws_eks_access_entry.this) == 0
    error_message = "without access entries, whoever creates the cluster must be able to enter"
  }
}

run "hides_the_nodes_credentials_from_pods" {
  command = plan

  assert {
    condition = alltrue([for template in aws_launch_template.node : (
      template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1
    )])
    error_message = "instance metadata must ask for a token and end at the node"
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.node)) == toset(["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"])
    error_message = "nodes may join and pull images, and nothing else"
  }
}

run "encrypts_the_nodes_volumes" {
  command = plan

  assert {
    condition = alltrue([for template in aws_launch_template.node : alltrue([for device in template.block_device_mappings : (
      device.ebs[0].encrypted == "true" && device.ebs[0].kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/d15c"
    )])])
    error_message = "each volume must be encrypted with the given key"
  }
}

run "has_three_nodes_at_first" {
  command = plan

  assert {
    condition = (
      aws_eks_node_group.this["general"].scaling_config[0].min_size == 3
      && aws_eks_node_group.this["general"].scaling_config[0].max_size == 6
      && aws_eks_node_group.this["general"].ami_type == "AL2023_x86_64_STANDARD"
      && aws_eks_node_group.this["general"].capacity_type == "ON_DEMAND"
    )
    error_message = "the default group must have three to six ordinary nodes"
  }
  assert {
    condition     = aws_eks_node_group.this["general"].subnet_ids == toset(["subnet-a", "subnet-b", "subnet-c"])
    error_message = "nodes must be spread over the given subnets"
  }
}

run "has_groups_of_other_kinds" {
  command = plan

  variables {
    node_groups = {
      general = {}
      spot = {
        architecture = "arm64", instance_types = ["m7g.large"], capacity = "SPOT"
        taints       = [{ key = "interruptible", value = "true" }]
      }
    }
  }

  assert {
    condition = (
      aws_eks_node_group.this["spot"].ami_type == "AL2023_ARM_64_STANDARD"
      && aws_eks_node_group.this["spot"].capacity_type == "SPOT"
      && [for taint in aws_eks_node_group.this["spot"].taint : "${taint.key}=${taint.value}:${taint.effect}"] == ["interruptible=true:NO_SCHEDULE"]
    )
    error_message = "a group must be what it is told to be"
  }
}

run "enforces_network_policies" {
  command = plan

  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicies must be enforced"
  }
}

run "manages_all_addons" {
  command = plan

  variables {
    addon_versions = { coredns = "v1.12.1-eksbuild.2" }
  }

  assert {
    condition     = !aws_eks_cluster.this.bootstrap_self_managed_addons
    error_message = "no addon may be left to nobody"
  }
  assert {
    condition     = toset(concat(keys(aws_eks_addon.before_nodes), keys(aws_eks_addon.after_nodes))) == toset(["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"])
    error_message = "network, DNS, proxy, volumes and Pod Identity must be there"
  }
  assert {
    condition     = aws_eks_addon.after_nodes["coredns"].addon_version == "v1.12.1-eksbuild.2"
    error_message = "a pinned version must be taken"
  }
}

run "gives_addons_their_own_roles" {
  command = plan

  assert {
    condition     = [for association in aws_eks_addon.before_nodes["vpc-cni"].pod_identity_association : association.service_account] == ["aws-node"]
    error_message = "the network addon must have a role of its own"
  }
  assert {
    condition     = [for association in aws_eks_addon.after_nodes["aws-ebs-csi-driver"].pod_identity_association : association.service_account] == ["ebs-csi-controller-sa"]
    error_message = "the volume addon must have a role of its own"
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.addon : jsondecode(role.assume_role_policy).Statement[0].Principal.Service == "pods.eks.amazonaws.com"])
    error_message = "addons must take their roles by Pod Identity"
  }
}

run "gives_pods_roles_by_service_account" {
  command = plan

  variables {
    pod_identities = { "apps/catalog" = "arn:aws:iam::123456789012:role/catalog" }
  }

  assert {
    condition = (
      aws_eks_pod_identity_association.this["apps/catalog"].namespace == "apps"
      && aws_eks_pod_identity_association.this["apps/catalog"].service_account == "catalog"
    )
    error_message = "the key must be namespace and service account"
  }
}

run "is_guarded_against_deletion" {
  command = plan

  assert {
    condition     = length(terraform_data.deletion_guard) == 1
    error_message = "the cluster must be guarded unless told otherwise"
  }
}

run "can_be_deleted_when_told" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = length(terraform_data.deletion_guard) == 0
    error_message = "without protection there must be no guard"
  }
}

run "tells_workloads_all_that_they_need" {
  command = plan

  assert {
    condition = { for name, value in nonsensitive(output.cluster) : name => value if name != "kubeconfig" } == {
      name               = "prod"
      flavour            = "eks"
      uid                = null
      endpoint           = "https://0C1D.gr7.eu-central-1.eks.amazonaws.com"
      ca_certificate     = "ca"
      client_certificate = null
      client_key         = null
      exec = {
        api_version = "client.authentication.k8s.io/v1beta1"
        command     = "aws"
        args        = ["eks", "get-token", "--cluster-name", "prod", "--region", "eu-central-1", "--output", "json"]
      }
    }
    error_message = "the output must have the fields that every flavour has"
  }
  assert {
    condition     = yamldecode(nonsensitive(output.cluster.kubeconfig)).users[0].user.exec.command == "aws"
    error_message = "the kubeconfig must ask the aws command for a token, and hold no secret"
  }
}

run "is_reached_by_a_public_load_balancer" {
  command = plan

  assert {
    condition = (
      output.ingress.exposure == "load_balancer"
      && output.ingress.https_port == 443
      && output.ingress.annotations["service.beta.kubernetes.io/aws-load-balancer-type"] == "nlb"
      && !contains(keys(output.ingress.annotations), "service.beta.kubernetes.io/aws-load-balancer-internal")
    )
    error_message = "ingress must be a public network load balancer unless told otherwise"
  }
}

run "is_reached_from_inside_only_when_told" {
  command = plan

  variables {
    ingress = { public = false }
  }

  assert {
    condition     = output.ingress.annotations["service.beta.kubernetes.io/aws-load-balancer-internal"] == "true"
    error_message = "the load balancer must be internal"
  }
}

run "tags_everything" {
  command = plan

  variables {
    tags = { team = "shop" }
  }

  assert {
    condition = alltrue(concat(
      [aws_eks_cluster.this.tags["team"] == "shop", aws_iam_role.node.tags["team"] == "shop"],
      [for group in aws_eks_node_group.this : group.tags["team"] == "shop"],
      flatten([for template in aws_launch_template.node : [for kind in template.tag_specifications : kind.tags["team"] == "shop"]]),
    ))
    error_message = "the given tags must be on everything, instances and volumes too"
  }
}

run "has_nodes_as_they_are_described" {
  command = plan

  variables {
    node_groups = {
      general = {
        volume_gib = 200, nodes = { min = 4, max = 12 }, labels = { tier = "web" }
      }
      batch = { taints = [{ key = "batch", effect = "NO_EXECUTE" }] }
    }
  }

  assert {
    condition     = aws_eks_node_group.this["general"].scaling_config[0].min_size == 4 && aws_eks_node_group.this["general"].scaling_config[0].max_size == 12
    error_message = "there must be four to twelve nodes"
  }
  assert {
    condition     = aws_launch_template.node["general"].block_device_mappings[0].ebs[0].volume_size == 200 && aws_eks_node_group.this["general"].labels == tomap({ tier = "web" })
    error_message = "volumes and labels must be the given ones"
  }
  assert {
    condition     = [for taint in aws_eks_node_group.this["batch"].taint : "${taint.key}:${taint.effect}"] == ["batch:NO_EXECUTE"]
    error_message = "pods that are there must be sent away when told"
  }
}

run "is_of_the_version_that_is_asked_for" {
  command = plan

  variables {
    kubernetes_version = "1.35"
  }

  assert {
    condition     = aws_eks_cluster.this.version == "1.35" && aws_eks_node_group.this["general"].version == "1.35"
    error_message = "control plane and nodes must be of one version"
  }
}

run "gives_services_the_addresses_that_are_given" {
  command = plan

  variables {
    service_cidr = "10.100.0.0/16"
  }

  assert {
    condition     = aws_eks_cluster.this.kubernetes_network_config[0].service_ipv4_cidr == "10.100.0.0/16"
    error_message = "Services must be in the given range"
  }
}

run "logs_as_much_and_as_long_as_it_is_told" {
  command = plan

  variables {
    logs = { types = ["api", "audit"], retention_days = 365 }
  }

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit"]) && aws_cloudwatch_log_group.this.retention_in_days == 365
    error_message = "logs must be the given ones, kept for a year"
  }
}

run "tells_the_ports_of_the_load_balancer" {
  command = plan

  variables {
    ingress = { http_port = 8080, https_port = 8443 }
  }

  assert {
    condition     = output.ingress.http_port == 8080 && output.ingress.https_port == 8443
    error_message = "workloads must be told the given ports"
  }
}
