locals {
  folder      = basename(abspath("${path.root}/.."))
  environment = coalesce(var.environment, local.folder)

  # Published images by part, for clusters that can pull them; the source supply
  # overrides them in supply.auto.tfvars.json.
  published = merge({
    "ingress-nginx-controller" = "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
    "metrics-server"           = "registry.k8s.io/metrics-server/metrics-server:v0.8.0@sha256:89258156d0e9af60403eafd44da9676fd66f600c7934d468ccc17e42b199aee2"
    "postgres"                 = "docker.io/library/postgres:17.11@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  }, var.images)

  # A registry that has the images of others has them under their hosts' names.
  mirrors = try(local.registry.mirrors, {})
  images = {
    for part, image in local.published : part =>
    join("/", concat([lookup(local.mirrors, split("/", image)[0], split("/", image)[0])], slice(split("/", image), 1, length(split("/", image)))))
  }

  balanced = try(local.ingress.exposure, "node_ports") == "load_balancer"

  labels = { "app.kubernetes.io/part-of" = "kindling" }
}

module "ingress" {
  source = "../../../modules/ingress-nginx"

  image     = local.images["ingress-nginx-controller"]
  sync_rate = var.ingress_sync_rate
  https     = var.https
  replicas  = local.balanced ? max(2, var.minimum_replicas) : 1
  # Those that a local cluster publishes; a cloud's has none.
  node_ports = local.balanced ? {} : local.ingress.node_ports
  load_balancer = local.balanced ? {
    annotations   = local.ingress.annotations
    http_port     = local.ingress.http_port
    https_port    = local.ingress.https_port
    source_ranges = var.ingress_source_ranges
  } : null
  certificate = {
    certificate_file = coalesce(var.tls.certificate_file, "${path.root}/../.tls/tls.crt")
    key_file         = coalesce(var.tls.key_file, "${path.root}/../.tls/tls.key")
  }
  labels = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

# GKE brings its own.
module "metrics_server" {
  source = "../../../modules/metrics-server"
  count  = local.cluster.flavour == "gke" ? 0 : 1

  image                       = local.images["metrics-server"]
  replicas                    = local.cluster.flavour == "kind" ? 1 : 2
  verify_kubelet_certificates = local.cluster.flavour != "kind"
  labels                      = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

moved {
  from = module.metrics_server
  to   = module.metrics_server[0]
}

module "namespace" {
  source = "../../../modules/namespace"

  name   = "apps"
  labels = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

module "database" {
  source = "../../../modules/database"
  count  = length(local.database_clients) + length(var.dropped_databases) == 0 ? 0 : 1

  namespace = module.namespace.name
  image     = local.images["postgres"]
  clients   = local.database_clients
  dropped   = var.dropped_databases
  labels    = local.labels

  external = local.managed_database == null ? null : {
    host                    = local.managed_database.host
    port                    = local.managed_database.port
    admin_user              = local.managed_database.admin_user
    admin_password_revision = tostring(local.managed_database.admin_password_revision)
    cidrs                   = try(local.managed_database.cidrs, null)
    ca_certificates         = try(local.managed_database.ca_certificates, null)
  }
  admin_password = var.database_admin_password
}

module "messaging" {
  source = "../../../modules/messaging"
  count  = length(local.messaging_clients) == 0 || local.messaging_image == null ? 0 : 1

  namespace = module.namespace.name
  image     = local.messaging_image
  clients   = local.messaging_clients
  servers   = var.messaging.servers
  storage   = var.messaging.storage
  stream    = var.messaging.stream
  labels    = local.labels
}

module "service" {
  source   = "../../../modules/service"
  for_each = local.services

  service          = each.value
  release          = var.release.services[each.key]
  namespace        = module.namespace.name
  environment      = local.environment
  overrides        = try(var.services[each.key], {})
  minimum_replicas = var.minimum_replicas
  callers          = local.callers[each.key]
  callees          = local.ports
  database         = contains(local.database_clients, each.key) ? module.database[0].connections[each.key] : null
  messaging        = contains(local.messaging_clients, each.key) ? one(module.messaging[*].connections[each.key]) : null
  secret_revisions = { for name in local.given_secrets[each.key] : name => local.secret_revisions["${each.key}/${name}"] }
  secret_values    = { for name in local.given_secrets[each.key] : name => lookup(local.secret_values, "${each.key}/${name}", "") }
  labels           = local.labels

  ingress = {
    class      = module.ingress.class
    namespace  = module.ingress.namespace
    selector   = module.ingress.selector
    https_port = local.ingress.https_port
  }
}
