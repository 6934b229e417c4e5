output "connections" {
  description = "How each client reaches its database, by client: host, port, name of the database, user, the labels of the server's pods, and the Secret that holds the password (name, key, uid, fingerprint)."
  value = {
    for client in var.clients : client => {
      host     = kubernetes_service_v1.this.metadata[0].name
      port     = local.port
      name     = local.sql_names[client]
      user     = local.sql_names[client]
      selector = local.selector
      secret   = module.secrets.secrets[local.client_secrets[client]]
    }
  }
}

output "workloads" {
  description = "What must become ready before the database serves: kind, namespace, name and part."
  value = concat(
    [{
      kind      = "StatefulSet"
      namespace = var.namespace
      name      = kubernetes_stateful_set_v1.this.metadata[0].name
      part      = var.name
    }],
    [for client, job in kubernetes_job_v1.setup : {
      kind      = "Job"
      namespace = var.namespace
      name      = job.metadata[0].name
      part      = var.name
    }],
  )
}
