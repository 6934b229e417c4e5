# A small server for trials: no standby, in a network of its own.
locals {
  region = "eu-central-1"
  keys   = { data = [], logs = ["logs"] }
}

module "key" {
  source   = "../../../key/aws"
  for_each = local.keys

  name        = "example/database-${each.key}"
  description = "PostgreSQL of the example: ${each.key}."
  account_id  = "123456789012"
  region      = local.region
  uses        = each.value
}

module "network" {
  source = "../../../network/aws"

  name       = "example"
  account_id = "123456789012"
  region     = local.region
  zones      = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat        = "none"
  flow_logs  = { key_arn = module.key["logs"].arn }
}

resource "aws_security_group" "client" {
  name        = "example-client"
  description = "Who may connect to the database of the example"
  vpc_id      = module.network.id
}

module "database" {
  source = "../.."

  name   = "example"
  region = local.region
  network = {
    vpc_id  = module.network.id
    subnets = module.network.isolated_subnets
    clients = { example = aws_security_group.client.id }
  }
  keys             = { for purpose, key in module.key : purpose => key.arn }
  instance_class   = "db.t4g.medium"
  highly_available = false
}

output "database" {
  description = "How to reach the server."
  value       = module.database.database
}
