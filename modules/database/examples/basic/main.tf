# A server with databases for two services, in a namespace that exists.
module "database" {
  source = "../.."

  namespace = "default"
  image     = "docker.io/library/postgres:17.11@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  clients   = ["catalog", "inventory"]
}

output "connections" {
  description = "How each service reaches its database."
  value       = module.database.connections
}
