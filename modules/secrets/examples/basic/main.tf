# Two Secrets with random values in a namespace that exists.
module "secrets" {
  source = "../.."

  namespace = "default"
  secrets = {
    api-key = {}
    pepper  = { length = 64, key = "pepper", special = true }
  }
}

output "secrets" {
  description = "Names and identities of the Secrets."
  value       = module.secrets.secrets
}
