# A secret with a random value, and one whose value people have from elsewhere.
module "key" {
  source = "../../../../key/aws"

  name        = "example/services"
  description = "Secrets of the services of the example."
  account_id  = "123456789012"
  region      = "eu-central-1"
}

module "secret_store" {
  source = "../.."

  name    = "example"
  region  = "eu-central-1"
  key_arn = module.key.arn
  secrets = {
    "catalog/session-key" = { length = 48 }
    "catalog/stripe-key"  = { provided = true }
  }
}

output "secrets" {
  description = "How to read and set the secrets."
  value       = module.secret_store.secrets
}
