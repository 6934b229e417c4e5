# A network for one cluster, with two source addresses that do not change.
module "network" {
  source = "../.."

  project = "example-project"
  region  = "europe-west1"
  name    = "example"
  nat     = { addresses = 2 }
}

output "nat_addresses" {
  description = "Addresses that others may allow."
  value       = module.network.nat_addresses
}
