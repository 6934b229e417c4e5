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
  description = "How users reach the services."
  value       = module.cluster.ingress
}

output "database" {
  description = "The managed PostgreSQL, or null: then the workloads root runs one in the cluster."
  value       = one(module.database[*].database)
}

output "secrets" {
  description = "How to read and set the secrets of the services, by SERVICE/NAME: commands that print a secret's revision, print its value, and set another one. Never a value."
  value       = module.secret_store.secrets
}
