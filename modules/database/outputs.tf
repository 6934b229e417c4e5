output "connections" {
  description = "How each client reaches its database, by client: host, port, name of the database, user, how much TLS and the authorities that it is verified against, where the server is (the labels of its pods, or addresses outside of the cluster), and the Secret that holds the password (name, key, uid, fingerprint)."
  value = {
    for client in var.clients : client => {
      host            = local.host
      port            = local.port
      name            = local.sql_names[client]
      user            = local.sql_names[client]
      selector        = local.inside ? local.selector : null
      cidrs           = local.cidrs
      ssl_mode        = local.ssl_mode
      ca_certificates = local.ca_certificates
      secret          = module.secrets.secrets[local.client_secrets[client]]
    }
  }
}

output "workloads" {
  description = "What must become ready before the database serves: kind, namespace, name and part."
  value = concat(
    [for server in kubernetes_stateful_set_v1.this : {
      kind      = "StatefulSet"
      namespace = var.namespace
      name      = server.metadata[0].name
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
