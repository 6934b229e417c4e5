# A server whose events two services share, in a namespace that exists.
module "messaging" {
  source = "../.."

  namespace = "default"
  image     = "docker.io/library/nats:2.15.2@sha256:0000000000000000000000000000000000000000000000000000000000000001"
  clients   = ["catalog", "orders"]
}

output "connections" {
  description = "How each service reaches the events."
  value       = module.messaging.connections
}
