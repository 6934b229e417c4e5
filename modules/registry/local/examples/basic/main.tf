# A registry at localhost:5009 for the nodes on the network kindling-example.
module "registry" {
  source = "../.."

  name    = "example-registry"
  volume  = "example-registry"
  network = "kindling-example"
  image   = "docker.io/library/registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e"
  port    = 5009
}

output "mirrors" {
  description = "What the nodes of a cluster are to be told."
  value       = module.registry.mirrors
}
