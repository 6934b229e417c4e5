locals {
  configuration = {
    # Without this, the services' NetworkPolicies would be accepted and do nothing.
    vpc-cni = jsonencode({ enableNetworkPolicy = "true" })
    coredns = jsonencode({ autoScaling = { enabled = true, minReplicas = 2, maxReplicas = 6 } })
  }

  # Addons that talk to AWS, the account of their pods, and what they may.
  addon_roles = {
    vpc-cni            = { service_account = "aws-node", policy = "AmazonEKS_CNI_Policy" }
    aws-ebs-csi-driver = { service_account = "ebs-csi-controller-sa", policy = "service-role/AmazonEBSCSIDriverPolicy" }
  }

  before_nodes = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]
  after_nodes  = ["aws-ebs-csi-driver", "coredns"]
}

# These run on each node, and nodes need them to become ready.
resource "aws_eks_addon" "before_nodes" {
  for_each = toset(local.before_nodes)

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = lookup(local.configuration, each.key, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  dynamic "pod_identity_association" {
    for_each = { for name, role in local.addon_roles : name => role if name == each.key }
    content {
      service_account = pod_identity_association.value.service_account
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
    }
  }

  depends_on = [aws_iam_role_policy_attachment.addon]
}

# These are pods like others, and wait for nodes.
resource "aws_eks_addon" "after_nodes" {
  for_each = toset(local.after_nodes)

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = lookup(local.configuration, each.key, null)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  dynamic "pod_identity_association" {
    for_each = { for name, role in local.addon_roles : name => role if name == each.key }
    content {
      service_account = pod_identity_association.value.service_account
      role_arn        = aws_iam_role.addon[pod_identity_association.key].arn
    }
  }

  depends_on = [
    aws_eks_node_group.this,
    aws_iam_role_policy_attachment.addon,
    aws_iam_role_policy.volumes_key,
  ]
}
