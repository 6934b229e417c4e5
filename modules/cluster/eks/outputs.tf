locals {
  exec = {
    api_version = "client.authentication.k8s.io/v1beta1"
    command     = "aws"
    args        = ["eks", "get-token", "--cluster-name", aws_eks_cluster.this.name, "--region", var.region, "--output", "json"]
  }
  ca_certificate = try(base64decode(aws_eks_cluster.this.certificate_authority[0].data), null)
}

output "cluster" {
  description = "What workloads need to know of the cluster, the same in every flavour: its name, flavour and identity (none that could be known without the cluster's API), how to reach and trust it, who to be (a client certificate with key, or a command that prints a token), and a kubeconfig."
  sensitive   = true
  value = {
    name               = aws_eks_cluster.this.name
    flavour            = "eks"
    uid                = null
    endpoint           = aws_eks_cluster.this.endpoint
    ca_certificate     = local.ca_certificate
    client_certificate = null
    client_key         = null
    exec               = local.exec
    kubeconfig = yamlencode({
      apiVersion      = "v1"
      kind            = "Config"
      current-context = var.name
      clusters = [{
        name = var.name
        cluster = {
          server                     = aws_eks_cluster.this.endpoint
          certificate-authority-data = try(aws_eks_cluster.this.certificate_authority[0].data, null)
        }
      }]
      contexts = [{ name = var.name, context = { cluster = var.name, user = var.name } }]
      users = [{
        name = var.name
        user = { exec = { apiVersion = local.exec.api_version, command = local.exec.command, args = local.exec.args, interactiveMode = "Never" } }
      }]
    })
  }
}

output "ingress" {
  description = "How users reach the ingress controller: its ports, by a load balancer, and the annotations of its Service that shape it."
  value = {
    http_port  = var.ingress.http_port
    https_port = var.ingress.https_port
    exposure   = "load_balancer"
    annotations = merge({
      "service.beta.kubernetes.io/aws-load-balancer-type"                              = "nlb"
      "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled" = "true"
    }, var.ingress.public ? {} : { "service.beta.kubernetes.io/aws-load-balancer-internal" = "true" })
  }
}

output "security_group_id" {
  description = "Security group of the nodes, the pods and the control plane: who comes from the cluster."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "node_role_arn" {
  description = "ARN of the nodes' IAM role, which pulls images."
  value       = aws_iam_role.node.arn
}

output "settings" {
  description = "What the cluster is made with: version of Kubernetes, addresses outside of the network that reach the API, node groups, who may enter, and whether it is protected from deletion."
  value = {
    kubernetes_version = aws_eks_cluster.this.version
    public_cidrs       = aws_eks_cluster.this.vpc_config[0].endpoint_public_access ? aws_eks_cluster.this.vpc_config[0].public_access_cidrs : []
    node_groups = { for name, group in aws_eks_node_group.this : name => {
      instance_types = group.instance_types
      min            = group.scaling_config[0].min_size
      max            = group.scaling_config[0].max_size
    } }
    access = { for name, entry in aws_eks_access_policy_association.this : name => {
      principal_arn = entry.principal_arn
      policy_arn    = entry.policy_arn
      namespaces    = entry.access_scope[0].namespaces
    } }
    deletion_protection = length(terraform_data.deletion_guard) > 0
  }
}
