resource "kind_registry" "this" {
  name    = var.name
  image   = var.image
  network = var.network
  port    = var.port
  volume  = var.volume
}

locals {
  # Known before the registry exists, so that the cluster need not wait for it.
  host     = "localhost:${var.port}"
  internal = "http://${var.name}:5000"
}
