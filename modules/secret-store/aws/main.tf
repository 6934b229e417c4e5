locals {
  random = { for key, secret in var.secrets : key => secret if !secret.provided }
}

# The first value of a random secret. It goes from here into AWS Secrets Manager and
# is in no state and no plan: the resource is ephemeral, the argument write-only.
# Every run draws another one, which is sent only when the secret is made or its
# length changes.
ephemeral "random_password" "this" {
  for_each = local.random

  length  = each.value.length
  special = false
}

resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.name}/${each.key}"
  description             = "Secret ${split("/", each.key)[1]} of service ${split("/", each.key)[0]} in ${var.name}, ${each.value.provided ? "which people provide" : "a random value"}."
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.recovery_window_days
  tags                    = var.tags
}

# Values that come after it are of no concern here: the secret has its newest one.
resource "aws_secretsmanager_secret_version" "this" {
  for_each = local.random

  secret_id                = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo         = ephemeral.random_password.this[each.key].result
  secret_string_wo_version = each.value.length
}
