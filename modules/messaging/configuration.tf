locals {
  # Variables of the servers' environment, by client.
  variables = { for client in var.clients : client => upper(replace(client, "-", "_")) }

  setup_rights = templatefile("${path.module}/files/setup.conf", { stream = local.stream })
  client_rights = [
    for client in var.clients : templatefile("${path.module}/files/client.conf", {
      client   = client
      variable = local.variables[client]
      stream   = local.stream
      prefix   = local.prefix
    })
  ]

  peers = [for number in range(var.servers) : "nats://${var.name}-${number}.${var.name}-servers.${var.namespace}.svc:${local.route_port}"]

  configuration = {
    "nats.conf"    = file("${path.module}/files/server.conf")
    "clients.conf" = "users: [\n${join("", concat([local.setup_rights], local.client_rights))}]\n"
    "cluster.conf" = local.several ? templatefile("${path.module}/files/cluster.conf", { name = var.name, routes = jsonencode(local.peers) }) : ""
  }

  # Environment variable => the Secret that holds the password.
  passwords = merge(
    { SETUP = local.setup_secret },
    { for client, secret in local.client_secrets : "CLIENT_${local.variables[client]}" => secret },
  )
}

resource "kubernetes_config_map_v1" "this" {
  metadata {
    # Services have no dots in their names: the ConfigMap of none is this one.
    name      = "${var.name}.servers"
    namespace = var.namespace
    labels    = local.labels
  }

  data = local.configuration
}
