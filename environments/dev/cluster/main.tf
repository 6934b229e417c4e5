locals {
  network = "kindling-${var.name}"

  nodes = concat(
    [for number in range(var.control_planes) : { role = "control-plane" }],
    [for number in range(var.workers) : { role = "worker" }],
  )

  # The local registry is asked first.
  registry_mirrors = {
    for host in setunion(keys(module.registry.mirrors), keys(var.registry_mirrors)) :
    host => concat(lookup(module.registry.mirrors, host, []), lookup(var.registry_mirrors, host, []))
  }
}

provider "kind" {}

module "registry" {
  source = "../../../modules/registry/local"

  name    = "${var.name}-registry"
  volume  = "${var.name}-registry"
  image   = var.registry_image
  network = local.network
  port    = var.registry_port
}

module "cluster" {
  source = "../../../modules/cluster/kind"

  name             = var.name
  node_image       = var.node_image
  network          = local.network
  nodes            = local.nodes
  ingress          = { http_port = var.http_port, https_port = var.https_port }
  registry_mirrors = local.registry_mirrors

  # Pods that came before all nodes are ready would not be spread over them.
  wait_at_creation = length(local.nodes) > 1

  # Policies that modules of the workloads root make.
  admission_policies = ["ingress-annotations.kindling.internal"]
}
