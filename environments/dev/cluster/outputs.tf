output "cluster" {
  description = "What the workloads root needs to know of the cluster."
  value       = module.cluster.cluster
  sensitive   = true
}

output "registry" {
  description = "Where images are pushed and how references name them."
  value       = module.registry.registry
}

output "ingress" {
  description = "Ports under which users reach the services."
  value       = module.cluster.ingress
}

output "database" {
  description = "A managed PostgreSQL; there is none here, so the workloads root runs one in the cluster."
  value       = null
}

output "secrets" {
  description = "A secret manager for the services; there is none here, so the workloads root draws random values and reads those that people provide from files."
  value       = null
}
