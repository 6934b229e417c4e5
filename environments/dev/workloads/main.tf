locals {
  environment = coalesce(var.environment, basename(abspath("${path.root}/..")))

  # Published images by part, for clusters that can pull them; the source supply
  # overrides them in supply.auto.tfvars.json.
  images = merge({
    "ingress-nginx-controller" = "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
    "metrics-server"           = "registry.k8s.io/metrics-server/metrics-server:v0.8.0@sha256:89258156d0e9af60403eafd44da9676fd66f600c7934d468ccc17e42b199aee2"
    "postgres"                 = "docker.io/library/postgres:17.11@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  }, var.images)

  labels = { "app.kubernetes.io/part-of" = "kindling" }
}

module "ingress" {
  source = "../../../modules/ingress-nginx"

  image = local.images["ingress-nginx-controller"]
  https = var.https
  certificate = {
    certificate_file = coalesce(var.tls.certificate_file, "${path.root}/../.tls/tls.crt")
    key_file         = coalesce(var.tls.key_file, "${path.root}/../.tls/tls.key")
  }
  labels = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

module "metrics_server" {
  source = "../../../modules/metrics-server"

  image                       = local.images["metrics-server"]
  verify_kubelet_certificates = local.cluster.flavour != "kind"
  labels                      = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

module "namespace" {
  source = "../../../modules/namespace"

  name   = "apps"
  labels = local.labels

  depends_on = [data.kubernetes_namespace_v1.kube_system]
}

module "database" {
  source = "../../../modules/database"
  count  = length(local.database_clients) == 0 ? 0 : 1

  namespace = module.namespace.name
  image     = local.images["postgres"]
  clients   = local.database_clients
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
  labels           = local.labels

  ingress = {
    class      = module.ingress.class
    namespace  = module.ingress.namespace
    selector   = module.ingress.selector
    http_port  = local.ingress.http_port
    https_port = local.ingress.https_port
  }
}
