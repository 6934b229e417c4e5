output "keys" {
  description = "Ids of the keys by name, once the services may use them."
  value       = { for name, key in google_kms_crypto_key.this : name => key.id }

  depends_on = [google_kms_crypto_key_iam_member.this]
}
