# A cluster over three zones whose API answers inside of the network alone, with
# a group of ordinary nodes and one of cheaper ones for what may be interrupted.
locals {
  name   = "example"
  region = "eu-central-1"
  keys = {
    secrets = { description = "Secrets of the example.", uses = [] }
    logs    = { description = "Logs of the example.", uses = ["logs"] }
    volumes = { description = "Volumes of the example.", uses = ["volumes"] }
  }
}

module "key" {
  source   = "../../../../key/aws"
  for_each = local.keys

  name        = "${local.name}/${each.key}"
  description = each.value.description
  account_id  = "123456789012"
  region      = local.region
  uses        = each.value.uses
}

module "network" {
  source = "../../../../network/aws"

  name         = local.name
  account_id   = "123456789012"
  region       = local.region
  zones        = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  cluster_name = local.name
  flow_logs    = { key_arn = module.key["logs"].arn }
}

module "cluster" {
  source = "../.."

  name       = local.name
  region     = local.region
  subnet_ids = [for subnet in module.network.private_subnets : subnet.id]
  keys       = { for purpose, key in module.key : purpose => key.arn }
  node_groups = {
    general = {}
    spot = {
      instance_types = ["m7i.large", "m6i.large", "m7a.large"]
      capacity       = "SPOT"
      nodes          = { min = 1, max = 10 }
      taints         = [{ key = "kindling.internal/interruptible", value = "true" }]
    }
  }
  access = {
    operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
  }
}

output "kubeconfig" {
  description = "Kubeconfig that asks the aws command for a token."
  value       = module.cluster.cluster.kubeconfig
  sensitive   = true
}
