output "connections" {
  description = "How each client reaches the events, by client: URL of the servers, user, name of the stream, where the servers are (their port and the labels of their pods), and the Secret that holds the password (name, key, uid, fingerprint)."
  value = {
    for client in var.clients : client => {
      url      = local.url
      user     = client
      stream   = local.stream
      port     = local.client_port
      selector = local.selector
      secret   = module.secrets.secrets[local.client_secrets[client]]
    }
  }
}

output "stream" {
  description = "The stream that keeps the events: name, subjects, how many servers keep each event, for how many hours and up to how many bytes, and for how many seconds an event with the same id is not kept twice."
  value       = jsondecode(local.stream_description)
}

output "workloads" {
  description = "What must become ready before events are kept: kind, namespace, name and part."
  value = [
    { kind = "StatefulSet", namespace = var.namespace, name = kubernetes_stateful_set_v1.this.metadata[0].name, part = var.name },
    { kind = "Job", namespace = var.namespace, name = kubernetes_job_v1.setup.metadata[0].name, part = var.name },
  ]
}
