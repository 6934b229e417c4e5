# The random provider is the real one: ephemeral resources cannot be mocked, and
# it talks to nobody.
mock_provider "kubernetes" {}

override_resource {
  target          = module.secrets.kubernetes_secret_v1.this
  override_during = plan
  values          = { metadata = { uid = "5ec" } }
}

override_resource {
  target          = kubernetes_stateful_set_v1.this
  override_during = plan
  values          = { metadata = { uid = "5e7" } }
}

variables {
  namespace = "apps"
  image     = "docker.io/library/postgres@sha256:d74eeac9a635390a49bc21bd49fccd973de707e2a53a76ac49b552b8712ec46f"
  clients   = ["catalog", "stock-keeper"]
}

run "gives_each_client_its_own_database_and_secret" {
  command = plan

  assert {
    condition = { for name, value in output.connections["stock-keeper"] : name => value if !contains(["cidrs", "ssl_mode", "ca_certificates"], name) } == {
      host     = "database"
      port     = 5432
      name     = "stock_keeper"
      user     = "stock_keeper"
      selector = { "app.kubernetes.io/name" = "database", "app.kubernetes.io/component" = "server" }
      secret   = { name = "stock-keeper-database", key = "password", uid = "5ec", fingerprint = "5ec.32" }
    }
    error_message = "a connection must name host, port, database, user, pods and secret"
  }
  assert {
    condition     = output.connections["stock-keeper"].ssl_mode == null && output.connections["stock-keeper"].ca_certificates == null && length(output.connections["stock-keeper"].cidrs) == 0
    error_message = "inside of the cluster there are neither addresses nor TLS to speak of"
  }
  assert {
    condition     = toset(keys(module.secrets.secrets)) == toset(["database-superuser", "catalog-database", "stock-keeper-database"])
    error_message = "there must be one Secret for the superuser and one for each client"
  }
}

run "sets_each_client_up_by_a_job_of_its_own" {
  command = plan

  assert {
    condition     = toset(keys(kubernetes_job_v1.setup)) == toset(["catalog", "stock-keeper"])
    error_message = "there must be one Job for each client"
  }
  assert {
    condition     = can(regex("^catalog-database-[0-9a-f]{8}$", kubernetes_job_v1.setup["catalog"].metadata[0].name))
    error_message = "a Job's name must be client, database and a hash"
  }
  assert {
    condition     = alltrue([for job in kubernetes_job_v1.setup : !job.wait_for_completion])
    error_message = "Terraform must not wait for the Jobs"
  }
  assert {
    condition     = kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].restart_policy == "OnFailure"
    error_message = "a Job must try again when the database is not there yet"
  }
}

run "sets_role_password_and_database_up" {
  command = plan

  assert {
    condition = alltrue([
      for statement in ["CREATE ROLE", "ALTER ROLE", "\\password", "CREATE DATABASE", "REVOKE ALL ON DATABASE"] :
      strcontains(kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].command[2], statement)
    ])
    error_message = "the Job must make the role, its password and its database, and keep others out"
  }
  assert {
    condition     = !strcontains(kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].command[2], "PASSWORD '")
    error_message = "no password may be in a statement, which the server could log"
  }
}

run "makes_a_new_job_when_a_secret_was_made_anew" {
  command = plan

  override_resource {
    target          = module.secrets.kubernetes_secret_v1.this
    override_during = plan
    values          = { metadata = { uid = "5ec-again" } }
  }

  assert {
    condition     = kubernetes_job_v1.setup["catalog"].metadata[0].name != run.sets_each_client_up_by_a_job_of_its_own.workloads[1].name
    error_message = "the Job's name must change with the Secrets' identity"
  }
}

run "makes_a_new_job_when_the_server_was_made_anew" {
  command = plan

  override_resource {
    target          = kubernetes_stateful_set_v1.this
    override_during = plan
    values          = { metadata = { uid = "5e7-again" } }
  }

  assert {
    condition     = kubernetes_job_v1.setup["catalog"].metadata[0].name != run.sets_each_client_up_by_a_job_of_its_own.workloads[1].name
    error_message = "the Job's name must change with the server's identity"
  }
}

run "does_not_restart_the_server_for_a_new_client" {
  command = plan

  variables {
    clients = ["catalog", "newcomer", "stock-keeper"]
  }

  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].template[0].metadata[0].annotations == tomap({ "kindling.internal/secrets" = "5ec.32" })
    error_message = "the server's pod must depend on the superuser's Secret alone"
  }
}

run "drops_the_database_of_a_service_that_is_gone" {
  command = plan

  variables {
    clients = ["catalog"]
    dropped = ["stock-keeper"]
  }

  assert {
    condition = (
      toset(keys(kubernetes_job_v1.setup)) == toset(["catalog", "stock-keeper"])
      && strcontains(kubernetes_job_v1.setup["stock-keeper"].spec[0].template[0].spec[0].container[0].command[2], "DROP DATABASE")
      && !strcontains(kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].command[2], "DROP DATABASE")
    )
    error_message = "one Job must drop what the gone service left, and no other"
  }
  assert {
    condition = {
      for env in kubernetes_job_v1.setup["stock-keeper"].spec[0].template[0].spec[0].container[0].env : env.name => env.value if startswith(env.name, "ROLE")
    } == { ROLE = "stock_keeper" }
    error_message = "the role must be named in SQL's spelling, and has no password any more"
  }
  assert {
    condition     = [for job in kubernetes_job_v1.setup : lookup(job.metadata[0].labels, "kindling.internal/drops", "")] == ["", "stock-keeper"]
    error_message = "a plan must be able to tell that data is lost, and of whom"
  }
  assert {
    condition     = kubernetes_job_v1.setup["stock-keeper"].metadata[0].name != run.sets_each_client_up_by_a_job_of_its_own.workloads[2].name
    error_message = "a Job cannot be changed: the one that drops needs another name than the one that created"
  }
  assert {
    condition     = kubernetes_job_v1.setup["catalog"].metadata[0].name == run.sets_each_client_up_by_a_job_of_its_own.workloads[1].name
    error_message = "the Jobs of others must stay"
  }
  assert {
    condition     = keys(output.connections) == ["catalog"] && length(module.secrets.secrets) == 2
    error_message = "what is dropped must have neither a connection nor a Secret"
  }
  assert {
    condition     = length(output.workloads) == 3
    error_message = "the Job that drops must be watched"
  }
}

run "drops_the_last_database" {
  command = plan

  variables {
    clients = []
    dropped = ["catalog"]
  }

  assert {
    condition     = [for workload in output.workloads : workload.kind] == ["StatefulSet", "Job"]
    error_message = "the server must be there for it"
  }
}

run "takes_a_server_outside_of_the_cluster" {
  command = plan

  variables {
    external = {
      host = "prod.rds.example.org", port = 5433, admin_user = "boss", admin_password_revision = "rev-1", cidrs = ["10.0.244.0/24"]
    }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = length(kubernetes_stateful_set_v1.this) + length(kubernetes_service_v1.this) + length(kubernetes_network_policy_v1.server) == 0
    error_message = "there must be no server in the cluster"
  }
  assert {
    condition     = [for workload in output.workloads : workload.kind] == ["Job", "Job"]
    error_message = "only the Jobs are left to watch"
  }
  assert {
    condition = (
      output.connections["catalog"].host == "prod.rds.example.org"
      && output.connections["catalog"].port == 5433
      && output.connections["catalog"].selector == null
      && output.connections["catalog"].cidrs == tolist(["10.0.244.0/24"])
      && output.connections["catalog"].ssl_mode == "require"
    )
    error_message = "clients must be led to the server, with TLS"
  }
  assert {
    condition = {
      for env in kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].env : env.name => env.value if startswith(env.name, "PG") && env.name != "PGPASSWORD"
    } == { PGHOST = "prod.rds.example.org", PGPORT = "5433", PGUSER = "boss", PGSSLMODE = "require" }
    error_message = "the Jobs must connect as the administrator, with TLS"
  }
  assert {
    condition     = kubernetes_network_policy_v1.setup.spec[0].egress[0].to[*].ip_block[0].cidr == tolist(["10.0.244.0/24"])
    error_message = "the Jobs may reach the server's addresses"
  }
  assert {
    condition     = length(kubernetes_config_map_v1.ca) + length(kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].volume) == 0
    error_message = "there must be no authorities where none are known"
  }
}

run "verifies_a_server_by_its_name_when_its_authorities_are_known" {
  command = plan

  variables {
    external = {
      host            = "prod.rds.example.org", port = 5433, admin_user = "boss", admin_password_revision = "rev-1", cidrs = ["10.0.244.0/24"]
      ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = output.connections["catalog"].ssl_mode == "verify-full" && output.connections["catalog"].ca_certificates == var.external.ca_certificates
    error_message = "clients must be told to verify the server, and against what"
  }
  assert {
    condition     = kubernetes_config_map_v1.ca[0].data == tomap({ "ca.crt" = var.external.ca_certificates })
    error_message = "all authorities must be in the ConfigMap"
  }
  assert {
    condition = {
      for env in kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].env : env.name => env.value if startswith(env.name, "PGSSL")
    } == { PGSSLMODE = "verify-full", PGSSLROOTCERT = "/etc/kindling/database/ca.crt" }
    error_message = "the Jobs must verify the server, too"
  }
  assert {
    condition = (
      kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].volume[*].config_map[0].name == tolist([kubernetes_config_map_v1.ca[0].metadata[0].name])
      && kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].volume_mount[0].mount_path == "/etc/kindling/database"
      && kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].volume_mount[0].read_only
      && kubernetes_job_v1.setup["catalog"].spec[0].template[0].spec[0].container[0].security_context[0].read_only_root_filesystem
    )
    error_message = "the Jobs must find the authorities, and change nothing"
  }
}

run "verifies_a_server_without_a_name_by_its_authority" {
  command = plan

  variables {
    external       = { host = "10.0.244.7", admin_user = "boss", admin_password_revision = "rev-1", ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = output.connections["catalog"].ssl_mode == "verify-ca"
    error_message = "no certificate carries a private address: the authority alone can be verified"
  }
}

run "names_a_job_after_the_authorities" {
  command = plan

  override_resource {
    target          = kubernetes_secret_v1.admin
    override_during = plan
    values          = { metadata = { uid = "ad1" } }
  }

  variables {
    external       = { host = "10.0.244.7", admin_user = "boss", admin_password_revision = "rev-1", ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = can(regex("^catalog-database-[0-9a-f]{8}$", output.workloads[0].name))
    error_message = "the Job's name must be client, database and a hash"
  }
}

run "makes_a_new_job_when_the_authorities_have_changed" {
  command = plan

  override_resource {
    target          = kubernetes_secret_v1.admin
    override_during = plan
    values          = { metadata = { uid = "ad1" } }
  }

  variables {
    external       = { host = "10.0.244.7", admin_user = "boss", admin_password_revision = "rev-1", ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = output.workloads[0].name != run.names_a_job_after_the_authorities.workloads[0].name
    error_message = "the Job's name must change with the authorities"
  }
}

run "keeps_the_external_password_out_of_the_plan" {
  command = plan

  variables {
    external       = { host = "10.0.244.7", admin_user = "boss", admin_password_revision = "rev-1" }
    admin_password = "not-in-the-plan"
  }

  assert {
    condition     = kubernetes_secret_v1.admin[0].data_wo == null && kubernetes_secret_v1.admin[0].metadata[0].name == "database-superuser"
    error_message = "the password must only pass through the write-only argument"
  }
  assert {
    condition     = output.connections["catalog"].cidrs == tolist(["10.0.244.7/32"])
    error_message = "a host that is an address must be the only one that is reached"
  }
}

run "sends_the_external_password_again_when_it_changed" {
  command = plan

  variables {
    external       = { host = "10.0.244.7", admin_user = "boss", admin_password_revision = "rev-2" }
    admin_password = "another"
  }

  assert {
    condition     = kubernetes_secret_v1.admin[0].data_wo_revision == parseint(substr(sha256("rev-2"), 0, 7), 16) + 1
    error_message = "another revision must be another number"
  }
}

run "serves_without_clients" {
  command = plan

  variables {
    clients = []
  }

  assert {
    condition     = length(kubernetes_job_v1.setup) == 0 && length(output.workloads) == 1
    error_message = "without clients there must be the server alone"
  }
}

run "keeps_the_data_when_the_server_is_deleted" {
  command = plan

  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].persistent_volume_claim_retention_policy[0].when_deleted == "Retain"
    error_message = "the volume must outlive the set"
  }
  assert {
    condition     = kubernetes_stateful_set_v1.this[0].spec[0].volume_claim_template[0].spec[0].resources[0].requests["storage"] == "1Gi"
    error_message = "the volume must have the default size"
  }
}

run "takes_the_superuser_password_from_a_file" {
  command = plan

  assert {
    condition = contains(
      [for env in kubernetes_stateful_set_v1.this[0].spec[0].template[0].spec[0].container[0].env : "${env.name}=${env.value}"],
      "POSTGRES_PASSWORD_FILE=/run/secrets/superuser/password",
    )
    error_message = "the server must be told the file of the superuser's password"
  }
  assert {
    condition     = [for volume in kubernetes_stateful_set_v1.this[0].spec[0].template[0].spec[0].volume : volume.secret[0].secret_name if length(volume.secret) > 0] == ["database-superuser"]
    error_message = "the file must come from the superuser's Secret"
  }
}

run "meets_restricted_pod_security" {
  command = plan

  assert {
    condition = alltrue([
      for template in concat([kubernetes_stateful_set_v1.this[0].spec[0].template[0]], [for job in kubernetes_job_v1.setup : job.spec[0].template[0]]) : (
        template.spec[0].security_context[0].run_as_non_root
        && template.spec[0].security_context[0].seccomp_profile[0].type == "RuntimeDefault"
        && !template.spec[0].automount_service_account_token
        && template.spec[0].container[0].security_context[0].read_only_root_filesystem
        && !template.spec[0].container[0].security_context[0].allow_privilege_escalation
        && template.spec[0].container[0].security_context[0].capabilities[0].drop == tolist(["ALL"])
      )
    ])
    error_message = "the server's and the Jobs' pods must meet Pod Security restricted"
  }
}

run "hears_its_clients_and_setup_jobs_only" {
  command = plan

  assert {
    condition = toset([for from in kubernetes_network_policy_v1.server[0].spec[0].ingress[0].from : from.pod_selector[0].match_labels]) == toset([
      tomap({ "app.kubernetes.io/name" = "database", "app.kubernetes.io/component" = "setup" }),
      tomap({ "app.kubernetes.io/name" = "catalog" }),
      tomap({ "app.kubernetes.io/name" = "stock-keeper" }),
    ])
    error_message = "only clients and setup Jobs may connect"
  }
  assert {
    condition     = length(kubernetes_network_policy_v1.server[0].spec[0].egress) == 0
    error_message = "the server must not connect to anybody"
  }
}

run "lists_what_to_watch" {
  command = plan

  assert {
    condition     = [for workload in output.workloads : workload.kind] == ["StatefulSet", "Job", "Job"]
    error_message = "the server and the Jobs must be among the workloads to watch"
  }
}

run "refuses_a_namespace_that_is_no_dns_label" {
  command = plan

  variables {
    namespace = "Apps_"
  }

  expect_failures = [var.namespace]
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Database"
  }

  expect_failures = [var.name]
}

run "refuses_an_image_without_digest" {
  command = plan

  variables {
    image = "postgres:17"
  }

  expect_failures = [var.image]
}

run "refuses_to_run_as_root" {
  command = plan

  variables {
    run_as_user = 0
  }

  expect_failures = [var.run_as_user]
}

run "refuses_a_client_that_is_no_dns_label" {
  command = plan

  variables {
    clients = ["Catalog"]
  }

  expect_failures = [var.clients]
}

run "refuses_a_client_named_like_a_system_database" {
  command = plan

  variables {
    clients = ["postgres"]
  }

  expect_failures = [var.clients]
}

run "refuses_to_drop_what_is_no_dns_label" {
  command = plan

  variables {
    dropped = ["Stock"]
  }

  expect_failures = [var.dropped]
}

run "refuses_to_drop_a_system_database" {
  command = plan

  variables {
    dropped = ["template1"]
  }

  expect_failures = [var.dropped]
}

run "refuses_to_drop_a_database_in_use" {
  command = plan

  variables {
    dropped = ["catalog"]
  }

  expect_failures = [var.dropped]
}

run "refuses_a_size_without_unit" {
  command = plan

  variables {
    storage = { size = "1000" }
  }

  expect_failures = [var.storage]
}

run "refuses_an_external_server_without_host" {
  command = plan

  variables {
    external = { host = "", admin_user = "boss", admin_password_revision = "1" }
  }

  expect_failures = [var.external]
}

run "refuses_an_external_server_without_administrator" {
  command = plan

  variables {
    external = { host = "db.example.org", admin_user = "", admin_password_revision = "1" }
  }

  expect_failures = [var.external]
}

run "refuses_an_external_server_that_is_nowhere" {
  command = plan

  variables {
    external = { host = "db.example.org", admin_user = "boss", admin_password_revision = "1", cidrs = [] }
  }

  expect_failures = [var.external]
}

run "refuses_authorities_that_are_no_certificates" {
  command = plan

  variables {
    external = { host = "db.example.org", admin_user = "boss", admin_password_revision = "1", ca_certificates = "<html>not found</html>" }
  }

  expect_failures = [var.external]
}

run "refuses_the_key_of_an_authority" {
  command = plan

  variables {
    external = {
      host            = "db.example.org", admin_user = "boss", admin_password_revision = "1"
      ca_certificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nBEGIN PRIVATE KEY"
    }
  }

  expect_failures = [var.external]
}
