output "registry" {
  description = "The registry, the same in every flavour: the host in image references, the host to push to, and whether it speaks plain HTTP."
  value = {
    host     = local.host
    push     = local.host
    insecure = true
  }
}

output "mirrors" {
  description = "Where the cluster's nodes find images, by registry host: this registry under its own name, and what it mirrors of others."
  value = merge(
    { (local.host) = [local.internal] },
    { for host in var.mirrored : host => ["${local.internal}/v2/${host}"] },
  )
}

output "status" {
  description = "Whether the container runs: running or stopped."
  value       = kind_registry.this.status
}

output "image" {
  description = "Image of the registry."
  value       = kind_registry.this.image
}
