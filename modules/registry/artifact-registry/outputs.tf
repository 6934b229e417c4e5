output "registry" {
  description = "The registry, the same in every flavour: the host (with the repositories' common prefix) in image references, the host to push to, whether it speaks plain HTTP, and under which names it has the images of other registries. Known once those who pull may."
  value = {
    host     = "${local.address}/${var.name}"
    push     = "${local.address}/${var.name}"
    insecure = false
    mirrors  = { for host, name in local.remote_names : host => "${local.address}/${name}" }
  }

  depends_on = [
    google_artifact_registry_repository.this,
    google_artifact_registry_repository.remote,
    google_artifact_registry_repository_iam_member.reader,
  ]
}

output "writers" {
  description = "Who may push images, as IAM names them."
  value       = [for writer in google_artifact_registry_repository_iam_member.writer : writer.member]
}
