locals {
  tags = {
    environment = var.name
    managed-by  = "kindling"
  }

  described = {
    for file in fileset("${path.root}/${var.services_folder}", "*/service.yaml") :
    dirname(file) => yamldecode(file("${path.root}/${var.services_folder}/${file}"))
  }
  services = toset(keys(local.described))

  # By SERVICE/NAME. What a service.yaml leaves out, the module has a default for.
  secrets = merge([
    for service, description in local.described : {
      for secret in try(description.secrets, []) :
      "${service}/${secret.name}" => { provided = try(secret.provided, null), length = try(secret.length, null) }
    }
  ]...)

  # A key for each purpose: whoever may use one may not use the others.
  keys = {
    secrets  = { description = "Secrets of cluster ${var.name} in etcd.", uses = [] }
    logs     = { description = "Log groups of ${var.name}.", uses = ["logs"] }
    volumes  = { description = "Volumes of the nodes and pods of ${var.name}.", uses = ["volumes"] }
    registry = { description = "Images of ${var.name}.", uses = [] }
    database = { description = "PostgreSQL of ${var.name}: data, snapshots, password.", uses = [] }
    services = { description = "Secrets of the services of ${var.name}.", uses = [] }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = var.offline ? null : [var.account_id]

  access_key                  = var.offline ? "nobody" : null
  secret_key                  = var.offline ? "nobody" : null
  skip_credentials_validation = var.offline
  skip_metadata_api_check     = var.offline
  skip_region_validation      = var.offline
  skip_requesting_account_id  = var.offline

  default_tags {
    tags = local.tags
  }
}

module "key" {
  source   = "../../../modules/key/aws"
  for_each = local.keys

  name        = "${var.name}/${each.key}"
  description = each.value.description
  account_id  = var.account_id
  region      = var.region
  uses        = each.value.uses
}

module "network" {
  source = "../../../modules/network/aws"

  name         = var.name
  account_id   = var.account_id
  region       = var.region
  zones        = var.zones
  cluster_name = var.name
  flow_logs    = { key_arn = module.key["logs"].arn }
}

module "registry" {
  source = "../../../modules/registry/ecr"

  name         = var.name
  account_id   = var.account_id
  region       = var.region
  key_arn      = module.key["registry"].arn
  repositories = local.services

  # The third-party images that the workloads root runs.
  caches = {
    "registry.k8s.io" = {
      upstream     = "registry.k8s.io"
      repositories = ["ingress-nginx/controller", "metrics-server/metrics-server"]
    }
    # Docker Hub asks for a login; its official images are on public.ecr.aws too.
    "docker.io" = {
      upstream     = "public.ecr.aws"
      prefix       = "docker"
      repositories = ["library/postgres"]
    }
  }
}

module "cluster" {
  source = "../../../modules/cluster/eks"

  name                = var.name
  region              = var.region
  kubernetes_version  = var.kubernetes_version
  subnet_ids          = [for zone in var.zones : module.network.private_subnets[zone].id]
  public_cidrs        = var.public_cidrs
  keys                = { for purpose in ["secrets", "logs", "volumes"] : purpose => module.key[purpose].arn }
  node_groups         = { general = { instance_types = var.nodes.instance_types, nodes = { min = var.nodes.min, max = var.nodes.max } } }
  access              = var.access
  deletion_protection = var.deletion_protection

  # Tags of the provider do not reach what EKS makes from launch templates.
  tags = local.tags
}

module "database" {
  source = "../../../modules/database-rds"
  count  = var.database == null ? 0 : 1

  name   = var.name
  region = var.region
  network = {
    vpc_id  = module.network.id
    subnets = module.network.isolated_subnets
    clients = { cluster = module.cluster.security_group_id }
  }
  keys                = { data = module.key["database"].arn, logs = module.key["logs"].arn }
  instance_class      = var.database.instance_class
  password_revision   = var.database.password_revision
  ca_certificates     = var.database_ca_file == null ? null : file("${path.root}/${var.database_ca_file}")
  deletion_protection = var.deletion_protection
}

module "secret_store" {
  source = "../../../modules/secret-store/aws"

  name    = var.name
  region  = var.region
  key_arn = module.key["services"].arn
  secrets = local.secrets
}
