# Secrets of the services whose values come from outside: those that people provide
# and, where the cluster root has a store of secrets, all of them. Values pass through
# ephemeral variables and write-only arguments; what is planned is their revisions.
locals {
  # A cloud's secret manager, or none: then random values are drawn here, and provided
  # ones are in files that the tool writes.
  secret_store = try(data.terraform_remote_state.cluster.outputs.secrets, null)

  # Names of the secrets that are meant, by service.
  outside_secrets = {
    for service, description in local.services :
    service => [for secret in try(description.secrets, []) : secret.name if local.secret_store != null || try(secret.provided, false) == true]
  }

  # Files of this machine. One that says something else than value and revision is none.
  secret_paths = {
    for key in flatten([for service, names in local.outside_secrets : [for name in names : "${service}/${name}"]]) :
    key => "${path.root}/${var.secrets_folder}/${key}.json" if local.secret_store == null
  }
  secret_contents = {
    for key, path in local.secret_paths : key => sensitive(try(jsondecode(file(path)), null)) if fileexists(path)
  }
  secret_files = {
    for key, content in local.secret_contents :
    key => content if nonsensitive(try(length(content.value) > 0 && length(content.revision) > 0, sensitive(false)))
  }

  # What a cloud's secret manager told names the environment's folder first: a shell
  # may still have that of another one.
  told = "${local.folder}/"

  # By SERVICE/NAME.
  secret_revisions = merge(
    { for key, secret in local.secret_files : key => nonsensitive(secret.revision) },
    { for key, revision in var.secret_revisions : trimprefix(key, local.told) => revision if local.secret_store != null && startswith(key, local.told) },
  )
  secret_values = merge(
    { for key, secret in local.secret_files : key => secret.value },
    { for key, value in var.secret_values : trimprefix(key, local.told) => value if local.secret_store != null && startswith(key, local.told) },
  )

  # Those that are there, by service, and what to do about those that are not (see cluster.tf).
  given_secrets = {
    for service, names in local.outside_secrets :
    service => [for name in names : name if contains(keys(local.secret_revisions), "${service}/${name}")]
  }
  missing_secrets = flatten([
    for service, names in local.outside_secrets : [
      for name in setsubtract(names, local.given_secrets[service]) : join("", [
        "${service} needs the secret ${name}, which ${local.folder} does not have; ",
        local.secret_store != null && !contains(keys(coalesce(local.secret_store, {})), "${service}/${name}")
        ? "terraform apply in ../cluster makes a place for it"
        : "give it: make secret env=${local.folder} service=${service} name=${name}",
      ])
    ]
  ])
}
