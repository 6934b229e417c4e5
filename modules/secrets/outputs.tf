output "secrets" {
  description = "The Secrets by name: name, key, uid, and a fingerprint that changes whenever the value does. Never a value."
  value = {
    for name, secret in kubernetes_secret_v1.this : name => {
      name        = name
      key         = var.secrets[name].key
      uid         = secret.metadata[0].uid
      fingerprint = "${secret.metadata[0].uid}.${secret.data_wo_revision}"
    }
  }
}
