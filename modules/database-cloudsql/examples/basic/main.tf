# A server with a standby, reached from inside a network alone.
module "network" {
  source = "../../../network/gcp"

  project = "example-project"
  region  = "europe-west1"
  name    = "example"
}

module "database" {
  source = "../.."

  project = "example-project"
  region  = "europe-west1"
  name    = "example"
  network = module.network.private_services
  key     = "projects/example-project/locations/europe-west1/keyRings/example/cryptoKeys/database"
}

output "database" {
  description = "How workloads reach it."
  value       = module.database.database
}
