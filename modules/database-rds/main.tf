locals {
  port = 5432
  logs = ["postgresql", "upgrade"]
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = [for subnet in var.network.subnets : subnet.id]
  tags       = var.tags
}

# Nobody but the clients connects, and the server connects to nobody.
resource "aws_security_group" "this" {
  name        = "${var.name}-postgresql"
  description = "PostgreSQL server ${var.name}"
  vpc_id      = var.network.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-postgresql" })
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.network.clients

  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  tags                         = var.tags
}

resource "aws_db_parameter_group" "this" {
  # A new major version is another family: the new group has to be there before
  # the old one can go.
  name_prefix = "${var.name}-"
  family      = "postgres${var.postgres_version}"
  description = "PostgreSQL server ${var.name}"
  tags        = var.tags

  # A connection without TLS is refused.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_connections"
    value = "1"
  }
  parameter {
    name  = "log_disconnections"
    value = "1"
  }
  # Milliseconds. Statements may hold what is nobody's business: only slow ones
  # are logged.
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(local.logs)

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.keys.logs
  tags              = var.tags
}

# Two servers of one name would leave last snapshots of one name, which AWS
# refuses.
resource "random_id" "last_snapshot" {
  byte_length = 4
  keepers     = { name = var.name }
}

resource "aws_db_instance" "this" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = tostring(var.postgres_version)
  instance_class = var.instance_class

  storage_type          = "gp3"
  allocated_storage     = var.storage.gib
  max_allocated_storage = var.storage.max_gib
  storage_encrypted     = true
  kms_key_id            = var.keys.data

  username            = var.admin_user
  password_wo         = ephemeral.aws_secretsmanager_secret_version.admin.secret_string
  password_wo_version = var.password_revision

  port                   = local.port
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  multi_az               = var.highly_available
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup.days
  backup_window             = var.backup.window
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-last-${random_id.last_snapshot.hex}"

  maintenance_window          = var.maintenance_window
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false
  apply_immediately           = false

  enabled_cloudwatch_logs_exports = local.logs
  performance_insights_enabled    = true
  performance_insights_kms_key_id = var.keys.data
  monitoring_interval             = 60 # seconds
  monitoring_role_arn             = aws_iam_role.monitoring.arn

  tags = var.tags

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy_attachment.monitoring,
  ]
}

resource "aws_iam_role" "monitoring" {
  name        = "${var.name}-rds-monitoring"
  description = "Writes the operating system's metrics of PostgreSQL server ${var.name}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
