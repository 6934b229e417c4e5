# A network over three zones with one NAT gateway.
module "key" {
  source = "../../../../key/aws"

  name        = "example/logs"
  description = "Flow logs of the example."
  account_id  = "123456789012"
  region      = "eu-central-1"
  uses        = ["logs"]
}

module "network" {
  source = "../.."

  name       = "example"
  account_id = "123456789012"
  region     = "eu-central-1"
  zones      = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat        = "single"
  flow_logs  = { key_arn = module.key.arn }
}

output "private_subnets" {
  description = "Subnets for nodes."
  value       = module.network.private_subnets
}
