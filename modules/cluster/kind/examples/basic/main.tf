# A control-plane node and a worker, with services behind ports 8080 and 8443 of
# this host.
module "cluster" {
  source = "../.."

  name       = "example"
  node_image = "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5"
  network    = "kindling-example"
  nodes      = [{ role = "control-plane" }, { role = "worker" }]
  ingress    = { http_port = 8080, https_port = 8443 }
}

output "kubeconfig" {
  description = "Kubeconfig of the cluster's administrator."
  value       = module.cluster.cluster.kubeconfig
  sensitive   = true
}
