# The password goes from here into AWS Secrets Manager, and from there to the
# server and to whoever asks (admin_password_command). It is in no state and no
# plan: all of these are ephemeral or write-only.
ephemeral "random_password" "admin" {
  length  = 48
  special = false # the server refuses some special characters
}

resource "aws_secretsmanager_secret" "admin" {
  name                    = "${var.name}/database-admin"
  description             = "Password of ${var.admin_user} on PostgreSQL server ${var.name}."
  kms_key_id              = var.keys.data
  recovery_window_in_days = 30
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "admin" {
  secret_id                = aws_secretsmanager_secret.admin.id
  secret_string_wo         = ephemeral.random_password.admin.result
  secret_string_wo_version = var.password_revision
}

# Each run draws another password, but only this one was kept: the server gets
# what is in the secret, also when an apply was killed between the two.
ephemeral "aws_secretsmanager_secret_version" "admin" {
  secret_id  = aws_secretsmanager_secret_version.admin.secret_id
  version_id = aws_secretsmanager_secret_version.admin.version_id
}
