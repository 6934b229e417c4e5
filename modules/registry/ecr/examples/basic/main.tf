# A registry for one service, and for the ingress controller's image.
module "key" {
  source = "../../../../key/aws"

  name        = "example/registry"
  description = "Images of the example."
  account_id  = "123456789012"
  region      = "eu-central-1"
}

module "registry" {
  source = "../.."

  name         = "example"
  account_id   = "123456789012"
  region       = "eu-central-1"
  key_arn      = module.key.arn
  repositories = ["catalog"]
  caches = {
    "registry.k8s.io" = { upstream = "registry.k8s.io", repositories = ["ingress-nginx/controller"] }
  }
}

output "registry" {
  description = "Where images are pushed and how references name them."
  value       = module.registry.registry
}
