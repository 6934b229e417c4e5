# A key for log groups and for the volumes of nodes.
module "key" {
  source = "../.."

  name        = "example/node"
  description = "Logs and volumes of the example."
  account_id  = "123456789012"
  region      = "eu-central-1"
  uses        = ["logs", "volumes"]
}

output "arn" {
  description = "ARN of the key."
  value       = module.key.arn
}
