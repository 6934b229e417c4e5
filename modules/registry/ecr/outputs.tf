output "registry" {
  description = "The registry, the same in every flavour: the host (with the repositories' common prefix) in image references, the host to push to, whether it speaks plain HTTP, and under which names it has the images of other registries."
  value = {
    host     = local.host
    push     = local.host
    insecure = false
    mirrors  = { for host in keys(var.caches) : host => "${local.host}/${host}" }
  }
}

output "repository_arns" {
  description = "ARNs of the services' repositories, by service."
  value       = { for name, repository in aws_ecr_repository.service : name => repository.arn }
}
