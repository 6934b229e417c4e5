output "cluster" {
  description = "What the workloads root needs to know of the cluster."
  value       = module.cluster.cluster
  sensitive   = true
}

output "registry" {
  description = "Where images are pushed, how references name them, and where those of other registries are."
  value       = module.registry.registry
}

output "ingress" {
  description = "How users reach the services."
  value       = module.cluster.ingress
}

output "database" {
  description = "How workloads reach the managed PostgreSQL, and where its administrator's password is; null when PostgreSQL runs in the cluster."
  value       = one(module.database[*].database)
}

output "secrets" {
  description = "How to read and set the secrets of the services, by SERVICE/NAME: commands that print a secret's revision, print its value, and set another one. Never a value."
  value       = module.secret_store.secrets
}
