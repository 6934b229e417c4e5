# A key for each purpose, so that what may read one secret cannot read all.
module "keys" {
  source = "../.."

  project  = { id = "example-project", number = "123456789012" }
  location = "europe-west1"
  name     = "example"
  keys = {
    kubernetes-secrets = { service_agents = ["kubernetes"] }
    images             = { service_agents = ["artifact_registry"], rotation_days = 30 }
  }
}

output "keys" {
  description = "Ids of the keys."
  value       = module.keys.keys
}
