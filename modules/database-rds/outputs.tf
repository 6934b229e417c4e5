output "database" {
  description = "How workloads reach the server, the same in every flavour: host, port, the administrator, a revision that changes with the password, the command that prints it, the addresses where the server can be, and the authorities (PEM) that sign its certificate, or null when they are not known."
  value = {
    host                    = aws_db_instance.this.address
    port                    = local.port
    admin_user              = var.admin_user
    admin_password_revision = aws_secretsmanager_secret_version.admin.version_id
    admin_password_command = {
      command = "aws"
      args = [
        "secretsmanager", "get-secret-value", "--secret-id", aws_secretsmanager_secret.admin.arn,
        "--region", var.region, "--query", "SecretString", "--output", "text",
      ]
    }
    cidrs           = [for subnet in var.network.subnets : subnet.cidr]
    ca_certificates = var.ca_certificates
  }
}

output "settings" {
  description = "What the server is made with: its class, the revision of the administrator's password, and whether it is protected from deletion."
  value = {
    instance_class      = aws_db_instance.this.instance_class
    password_revision   = aws_db_instance.this.password_wo_version
    deletion_protection = aws_db_instance.this.deletion_protection
  }
}
