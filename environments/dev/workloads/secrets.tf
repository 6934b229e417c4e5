# Secrets of the services whose values come from outside: those that people provide
# and, where the cluster root has a store of secrets, all of them. Values pass through
# ephemeral variables and write-only arguments; what is planned is their revisions.
locals {
  # A cloud's secret manager, or none: then random values are drawn here, and provided
  # ones are in files that the tool writes.
  secret_store = try(data.terraform_remote_state.cluster.outputs.secrets, null)
  secret_files = {
    for file in fileset("${path.root}/${var.secrets_folder}", "*/*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${path.root}/${var.secrets_folder}/${file}"))
    if local.secret_store == null
  }

  # By SERVICE/NAME. What is given wins over the files.
  secret_revisions = merge({ for key, secret in local.secret_files : key => secret.revision }, var.secret_revisions)
  secret_values    = merge({ for key, secret in local.secret_files : key => sensitive(secret.value) }, var.secret_values)

  # Their names, by service: those that are meant, those that are there, and those
  # that are not (see cluster.tf).
  outside_secrets = {
    for service, description in local.services :
    service => [for secret in try(description.secrets, []) : secret.name if local.secret_store != null || try(secret.provided, false) == true]
  }
  given_secrets = {
    for service, names in local.outside_secrets :
    service => [for name in names : name if contains(keys(local.secret_revisions), "${service}/${name}")]
  }
  missing_secrets = flatten([
    for service, names in local.outside_secrets :
    [for name in setsubtract(names, local.given_secrets[service]) : { service = service, name = name }]
  ])
}
