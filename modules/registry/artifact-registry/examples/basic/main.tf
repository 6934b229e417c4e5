# A registry for our services, and one that fetches what registry.k8s.io publishes.
module "registry" {
  source = "../.."

  project  = "example-project"
  location = "europe-west1"
  name     = "example"
  key      = "projects/example-project/locations/europe-west1/keyRings/example/cryptoKeys/images"
  remotes  = { "registry.k8s.io" = {} }
  readers  = { nodes = "serviceAccount:example-nodes@example-project.iam.gserviceaccount.com" }
  writers  = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
}

output "registry" {
  description = "Where images are pushed."
  value       = module.registry.registry
}
