output "cluster" {
  description = "What workloads need to know of the cluster, the same in every flavour: its name, flavour and identity (uid of kube-system), how to reach and trust it, who to be (a client certificate with key, or a command that prints a token), and a kubeconfig."
  sensitive   = true
  value = {
    name               = kind_cluster.this.name
    flavour            = "kind"
    uid                = kind_cluster.this.uid
    endpoint           = kind_cluster.this.endpoint
    ca_certificate     = kind_cluster.this.ca_certificate
    client_certificate = kind_cluster.this.client_certificate
    client_key         = kind_cluster.this.client_key
    exec               = null
    kubeconfig         = kind_cluster.this.kubeconfig
  }
}

output "ingress" {
  description = "Ports under which users reach the ingress controller, and the nodes' ports that they lead to."
  value = {
    http_port  = var.ingress.http_port
    https_port = var.ingress.https_port
    node_ports = local.node_ports
  }
}

output "node_image" {
  description = "Image of the nodes."
  value       = kind_cluster.this.node_image
}
