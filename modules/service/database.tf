locals {
  database_ca        = try(var.database.ca_certificates, null)
  database_ca_folder = "/etc/kindling/database"
}

# The authorities that may sign the certificate of the database's server: they are
# public.
resource "kubernetes_config_map_v1" "database_ca" {
  count = local.database_ca == null ? 0 : 1

  metadata {
    # Services have no dots in their names: the ConfigMap of none is this one.
    name      = "${local.name}.database-ca"
    namespace = var.namespace
    labels    = local.labels
  }

  data = { "ca.crt" = local.database_ca }
}
