locals {
  # An offline plan needs a project as little as an account: it never asks for it.
  project = var.offline ? coalesce(var.project, { id = "offline-project", number = "000000000000" }) : var.project

  labels = { environment = var.name, managed-by = "kindling" }

  described = {
    for file in fileset("${path.root}/${var.services_folder}", "*/service.yaml") :
    dirname(file) => yamldecode(file("${path.root}/${var.services_folder}/${file}"))
  }

  # By SERVICE/NAME. What a service.yaml leaves out, the module has a default for.
  secrets = merge([
    for service, description in local.described : {
      for secret in try(description.secrets, []) :
      "${service}/${secret.name}" => { provided = try(secret.provided, null), length = try(secret.length, null) }
    }
  ]...)
}

provider "google" {
  project        = local.project.id
  region         = var.region
  default_labels = local.labels

  # Without a token of its own, the provider looks for who is logged in, and asks
  # Google for their name. A token that nobody gave, and a domain that is none, keep
  # it from asking anybody.
  access_token    = var.offline ? "offline" : null
  universe_domain = var.offline ? "offline.invalid" : null
}

module "project" {
  source = "../../../modules/project/gcp"

  project = local.project.id
}

module "keys" {
  source = "../../../modules/key/gcp"

  project  = { id = module.project.project, number = local.project.number }
  location = var.region
  name     = var.name
  keys = {
    secrets  = { service_agents = ["kubernetes"] }
    disks    = { service_agents = ["compute"] }
    images   = { service_agents = ["artifact_registry"] }
    database = { service_agents = ["cloud_sql", "secret_manager"] }
    services = { service_agents = ["secret_manager"] }
  }
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "network" {
  source = "../../../modules/network/gcp"

  project = module.project.project
  region  = var.region
  name    = var.name
  ranges  = var.ranges
  labels  = local.labels
}

module "cluster" {
  source = "../../../modules/cluster/gke"

  project             = module.project.project
  region              = var.region
  name                = var.name
  network             = module.network.cluster
  keys                = { secrets = module.keys.keys["secrets"], disks = module.keys.keys["disks"] }
  control_plane       = var.control_plane
  node_pools          = var.node_pools
  ingress             = { address = module.network.ingress_address.name }
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "registry" {
  source = "../../../modules/registry/artifact-registry"

  project             = module.project.project
  location            = var.region
  name                = var.name
  key                 = module.keys.keys["images"]
  remotes             = { for host in var.mirrored : host => {} }
  readers             = { nodes = module.cluster.node_service_account }
  writers             = var.image_writers
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "database" {
  source = "../../../modules/database-cloudsql"
  count  = var.database == null ? 0 : 1

  project             = module.project.project
  region              = var.region
  name                = var.name
  network             = module.network.private_services
  key                 = module.keys.keys["database"]
  machine             = { tier = var.database.tier, edition = var.database.edition, availability = var.database.availability }
  admin               = { password_revision = var.database.password_revision, readers = var.database.password_readers }
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "secret_store" {
  source = "../../../modules/secret-store/gcp"

  project             = module.project.project
  region              = var.region
  name                = var.name
  key                 = module.keys.keys["services"]
  secrets             = local.secrets
  readers             = var.secret_readers
  writers             = var.secret_writers
  deletion_protection = var.deletion_protection
  labels              = local.labels
}
