# A secret with a random value, and one whose value people have from elsewhere.
module "secret_store" {
  source = "../.."

  project = "example-project"
  region  = "europe-west1"
  name    = "example"
  key     = "projects/example-project/locations/europe-west1/keyRings/example/cryptoKeys/services"
  secrets = {
    "catalog/session-key" = { length = 48 }
    "catalog/stripe-key"  = { provided = true }
  }
  readers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
}

output "secrets" {
  description = "How to read and set the secrets."
  value       = module.secret_store.secrets
}
