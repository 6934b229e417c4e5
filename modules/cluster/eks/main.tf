resource "aws_cloudwatch_log_group" "this" {
  # The name that EKS writes to. Made here, so that it is encrypted and does not
  # grow for ever.
  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = var.logs.retention_days
  kms_key_id        = var.keys.logs
  tags              = var.tags
}

resource "aws_eks_cluster" "this" {
  name     = var.name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.cluster.arn

  # Addons are managed below; what EKS would install by itself nobody updates.
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = var.logs.types

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = var.creator_is_administrator
  }

  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = var.keys.secrets
    }
  }

  kubernetes_network_config {
    service_ipv4_cidr = var.service_cidr
  }

  vpc_config {
    subnet_ids              = var.subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_cidrs) > 0
    public_access_cidrs     = length(var.public_cidrs) > 0 ? var.public_cidrs : null
  }

  upgrade_policy {
    # Extended support costs six times as much; staying current is cheaper.
    support_type = "STANDARD"
  }

  tags = var.tags

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy_attachment.cluster,
    aws_iam_role_policy.cluster_key,
  ]
}

# Stands and falls with the cluster, and refuses to fall: any plan that deletes
# or replaces the cluster fails. README.md tells the way out. (The API has a
# protection of its own, which provider 5.100 does not know.)
resource "terraform_data" "deletion_guard" {
  count = var.deletion_protection ? 1 : 0

  input = aws_eks_cluster.this.arn

  lifecycle {
    prevent_destroy      = true
    replace_triggered_by = [aws_eks_cluster.this.arn]
  }
}

resource "aws_eks_access_entry" "this" {
  for_each = var.access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value.principal_arn
  tags          = var.tags
}

resource "aws_eks_access_policy_association" "this" {
  for_each = var.access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = local.access_policies[each.value.policy]

  access_scope {
    type       = length(each.value.namespaces) == 0 ? "cluster" : "namespace"
    namespaces = length(each.value.namespaces) == 0 ? null : each.value.namespaces
  }
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = var.pod_identities

  cluster_name    = aws_eks_cluster.this.name
  namespace       = split("/", each.key)[0]
  service_account = split("/", each.key)[1]
  role_arn        = each.value
  tags            = var.tags
}

locals {
  access_policies = {
    cluster-admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    admin         = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"
    edit          = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
    view          = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  }
}
