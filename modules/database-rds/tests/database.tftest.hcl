# Ephemeral resources cannot be mocked, so both providers are the real ones.
# Nothing is asked of AWS: what does not exist yet is only planned, and the
# credentials are those of nobody.
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "nobody"
  secret_key                  = "nobody"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

override_resource {
  target          = aws_secretsmanager_secret.admin
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/database-admin-0c1d" }
}

override_resource {
  target          = aws_db_instance.this
  override_during = plan
  values          = { address = "prod.0c1d.eu-central-1.rds.amazonaws.com" }
}

variables {
  name   = "prod"
  region = "eu-central-1"
  network = {
    vpc_id  = "vpc-1"
    subnets = { a = { id = "subnet-a", cidr = "10.0.244.0/24" }, b = { id = "subnet-b", cidr = "10.0.245.0/24" } }
    clients = { cluster = "sg-1" }
  }
  keys = {
    data = "arn:aws:kms:eu-central-1:123456789012:key/da7a"
    logs = "arn:aws:kms:eu-central-1:123456789012:key/106"
  }
}

run "is_encrypted_with_the_given_key" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.storage_encrypted
      && aws_db_instance.this.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/da7a"
      && aws_db_instance.this.performance_insights_kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/da7a"
      && aws_secretsmanager_secret.admin.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/da7a"
    )
    error_message = "volume, insights and password must be encrypted with the customer's key"
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/106" && group.retention_in_days == 90])
    error_message = "logs must be encrypted, and kept for 90 days"
  }
}

run "is_out_of_reach_but_for_its_clients" {
  command = plan

  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "the server must have no public address"
  }
  assert {
    condition = (
      keys(aws_vpc_security_group_ingress_rule.client) == ["cluster"]
      && aws_vpc_security_group_ingress_rule.client["cluster"].referenced_security_group_id == "sg-1"
      && aws_vpc_security_group_ingress_rule.client["cluster"].from_port == 5432
      && aws_vpc_security_group_ingress_rule.client["cluster"].to_port == 5432
    )
    error_message = "the clients' security groups alone may connect, to PostgreSQL alone"
  }
}

run "refuses_connections_without_tls" {
  command = plan

  assert {
    condition     = { for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value }["rds.force_ssl"] == "1"
    error_message = "TLS must be forced"
  }
  assert {
    condition     = aws_db_parameter_group.this.family == "postgres17" && aws_db_instance.this.engine_version == "17"
    error_message = "parameters must be those of the server's version"
  }
}

run "cannot_be_deleted_by_accident" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.deletion_protection
      && !aws_db_instance.this.skip_final_snapshot
      && !aws_db_instance.this.delete_automated_backups
    )
    error_message = "the server must be protected, and leave a last snapshot and its backups"
  }
  assert {
    condition     = aws_secretsmanager_secret.admin.recovery_window_in_days == 30
    error_message = "a deleted password must be restorable"
  }
}

run "can_be_restored_to_any_second_of_two_weeks" {
  command = plan

  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14 && aws_db_instance.this.copy_tags_to_snapshot
    error_message = "backups must be kept for 14 days"
  }
}

run "survives_the_loss_of_a_zone" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_subnet_group.this.subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "there must be a standby, and subnets for it"
  }
}

run "keeps_the_password_out_of_the_plan" {
  command = plan

  assert {
    condition     = aws_db_instance.this.password == null && aws_db_instance.this.password_wo == null
    error_message = "the server's password must only pass through the write-only argument"
  }
  assert {
    condition     = aws_secretsmanager_secret_version.admin.secret_string_wo == null && aws_secretsmanager_secret_version.admin.secret_string_wo_version == 1
    error_message = "the secret's value must only pass through the write-only argument"
  }
}

run "draws_another_password_when_told" {
  command = plan

  variables {
    password_revision = 2
  }

  assert {
    condition     = aws_secretsmanager_secret_version.admin.secret_string_wo_version == 2 && aws_db_instance.this.password_wo_version == 2
    error_message = "secret and server must both change"
  }
}

run "tells_workloads_how_to_reach_it" {
  command = plan

  assert {
    condition = { for name, value in output.database : name => value if !contains(["admin_password_revision", "ca_certificates"], name) } == {
      host       = "prod.0c1d.eu-central-1.rds.amazonaws.com"
      port       = 5432
      admin_user = "postgres"
      admin_password_command = {
        command = "aws"
        args = [
          "secretsmanager", "get-secret-value", "--secret-id", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/database-admin-0c1d",
          "--region", "eu-central-1", "--query", "SecretString", "--output", "text",
        ]
      }
      cidrs = ["10.0.244.0/24", "10.0.245.0/24"]
    }
    error_message = "the output must have the fields that every flavour has"
  }
  assert {
    condition     = contains(keys(output.database), "ca_certificates") && output.database.ca_certificates == null
    error_message = "authorities that nobody gave are not known"
  }
}

run "tells_workloads_its_authorities_when_they_are_given" {
  command = plan

  variables {
    ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
  }

  assert {
    condition     = output.database.ca_certificates == var.ca_certificates
    error_message = "all authorities must be told"
  }
}

run "is_watched" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.performance_insights_enabled
      && aws_db_instance.this.monitoring_interval == 60
      && aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    )
    error_message = "insights, metrics and logs must be on"
  }
}

run "changes_in_its_window_only" {
  command = plan

  assert {
    condition = (
      !aws_db_instance.this.apply_immediately
      && aws_db_instance.this.auto_minor_version_upgrade
      && !aws_db_instance.this.allow_major_version_upgrade
      && aws_db_instance.this.maintenance_window == "sun:03:00-sun:04:00"
    )
    error_message = "minor versions must be installed in the window, major ones not by themselves"
  }
}

run "tags_everything" {
  command = plan

  variables {
    tags = { team = "shop" }
  }

  assert {
    condition     = aws_db_instance.this.tags["team"] == "shop" && aws_secretsmanager_secret.admin.tags["team"] == "shop"
    error_message = "the given tags must be on everything"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_that_rds_refuses" {
  command = plan

  variables {
    name = "prod--eu"
  }

  expect_failures = [var.name]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "refuses_a_single_subnet" {
  command = plan

  variables {
    network = { vpc_id = "vpc-1", subnets = { a = { id = "subnet-a", cidr = "10.0.244.0/24" } }, clients = { cluster = "sg-1" } }
  }

  expect_failures = [var.network]
}

run "refuses_a_subnet_without_addresses" {
  command = plan

  variables {
    network = {
      vpc_id  = "vpc-1"
      subnets = { a = { id = "subnet-a", cidr = "10.0.244.0/24" }, b = { id = "subnet-b", cidr = "" } }
      clients = { cluster = "sg-1" }
    }
  }

  expect_failures = [var.network]
}

run "refuses_a_server_that_nobody_reaches" {
  command = plan

  variables {
    network = {
      vpc_id  = "vpc-1"
      subnets = { a = { id = "subnet-a", cidr = "10.0.244.0/24" }, b = { id = "subnet-b", cidr = "10.0.245.0/24" } }
      clients = {}
    }
  }

  expect_failures = [var.network]
}

run "refuses_to_go_without_keys" {
  command = plan

  variables {
    keys = { data = "", logs = "" }
  }

  expect_failures = [var.keys]
}

run "refuses_a_version_that_is_too_old" {
  command = plan

  variables {
    postgres_version = 15
  }

  expect_failures = [var.postgres_version]
}

run "refuses_a_class_of_another_service" {
  command = plan

  variables {
    instance_class = "m7g.large"
  }

  expect_failures = [var.instance_class]
}

run "refuses_a_volume_that_cannot_grow" {
  command = plan

  variables {
    storage = { gib = 100, max_gib = 100 }
  }

  expect_failures = [var.storage]
}

run "refuses_backups_of_a_day" {
  command = plan

  variables {
    backup = { days = 1 }
  }

  expect_failures = [var.backup]
}

run "refuses_a_window_that_is_no_time" {
  command = plan

  variables {
    backup = { window = "night" }
  }

  expect_failures = [var.backup]
}

run "refuses_a_maintenance_without_day" {
  command = plan

  variables {
    maintenance_window = "03:00-04:00"
  }

  expect_failures = [var.maintenance_window]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    log_retention_days = 42
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_an_administrator_that_rds_refuses" {
  command = plan

  variables {
    admin_user = "rdsadmin"
  }

  expect_failures = [var.admin_user]
}

run "refuses_authorities_that_are_no_certificates" {
  command = plan

  variables {
    ca_certificates = "<Error><Code>AccessDenied</Code></Error>"
  }

  expect_failures = [var.ca_certificates]
}

run "refuses_the_key_of_an_authority" {
  command = plan

  variables {
    ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nBEGIN PRIVATE KEY"
  }

  expect_failures = [var.ca_certificates]
}

run "refuses_a_revision_below_one" {
  command = plan

  variables {
    password_revision = 0
  }

  expect_failures = [var.password_revision]
}

run "is_of_the_size_and_version_that_are_asked_for" {
  command = plan

  variables {
    postgres_version = 18
    instance_class   = "db.r7g.xlarge"
    storage          = { gib = 200, max_gib = 2000 }
  }

  assert {
    condition     = aws_db_instance.this.engine_version == "18" && aws_db_parameter_group.this.family == "postgres18"
    error_message = "server and parameters must be of one version"
  }
  assert {
    condition     = aws_db_instance.this.instance_class == "db.r7g.xlarge" && aws_db_instance.this.allocated_storage == 200 && aws_db_instance.this.max_allocated_storage == 2000
    error_message = "class and volume must be the given ones"
  }
}

run "stands_alone_and_can_be_deleted_when_told" {
  command = plan

  variables {
    highly_available    = false
    deletion_protection = false
  }

  assert {
    condition     = !aws_db_instance.this.multi_az && !aws_db_instance.this.deletion_protection
    error_message = "there must be neither a standby nor the protection"
  }
  assert {
    condition     = !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "the last snapshot must stay all the same"
  }
}

run "is_backed_up_and_maintained_when_it_is_told" {
  command = plan

  variables {
    backup             = { days = 35, window = "22:00-23:00" }
    maintenance_window = "mon:04:00-mon:05:00"
    log_retention_days = 365
  }

  assert {
    condition     = aws_db_instance.this.backup_retention_period == 35 && aws_db_instance.this.backup_window == "22:00-23:00"
    error_message = "backups must be taken and kept as told"
  }
  assert {
    condition     = aws_db_instance.this.maintenance_window == "mon:04:00-mon:05:00"
    error_message = "the window must be the given one"
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365])
    error_message = "logs must be kept as long as told"
  }
}

run "has_the_administrator_that_is_named" {
  command = plan

  variables {
    admin_user = "keeper"
  }

  assert {
    condition     = aws_db_instance.this.username == "keeper" && output.database.admin_user == "keeper"
    error_message = "the administrator must be made under the name, and told"
  }
}
