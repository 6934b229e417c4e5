# The providers are the real ones, as make plan offline=yes uses them: nothing is
# asked of AWS. (Ephemeral resources could not be mocked.)
override_resource {
  target          = module.cluster.aws_eks_cluster.this
  override_during = plan
  values = {
    arn                   = "arn:aws:eks:eu-central-1:123456789012:cluster/prod"
    endpoint              = "https://0c1d.eks.amazonaws.com"
    certificate_authority = [{ data = "Y2E=" }]
    vpc_config            = { cluster_security_group_id = "sg-1" }
  }
}

override_resource {
  target          = module.database[0].aws_db_instance.this
  override_during = plan
  values          = { address = "prod.0c1d.eu-central-1.rds.amazonaws.com" }
}

variables {
  offline    = true
  account_id = "123456789012"
}

run "has_a_repository_for_each_service" {
  command = plan

  assert {
    condition     = contains(local.services, "catalog") && contains(local.services, "inventory")
    error_message = "each folder with a service.yaml must be found"
  }
  assert {
    condition     = output.registry.push == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prod" && !output.registry.insecure
    error_message = "images must go to the account's registry"
  }
  assert {
    condition     = toset(keys(output.registry.mirrors)) == toset(["docker.io", "registry.k8s.io"])
    error_message = "third-party images must come through the account's registry"
  }
}

run "is_an_eks_cluster_behind_a_load_balancer" {
  command = plan

  assert {
    condition     = nonsensitive(output.cluster.flavour) == "eks" && nonsensitive(output.cluster.exec.command) == "aws"
    error_message = "the cluster must be EKS, and entered by the aws command"
  }
  assert {
    condition     = output.ingress.exposure == "load_balancer" && output.ingress.https_port == 443
    error_message = "services must answer behind a load balancer on the usual ports"
  }
}

run "keeps_its_data_in_a_managed_database" {
  command = plan

  assert {
    condition     = output.database.host == "prod.0c1d.eu-central-1.rds.amazonaws.com" && output.database.admin_password_command.command == "aws"
    error_message = "the database must be told with the command that prints its password"
  }
  assert {
    condition     = output.database.cidrs == ["10.0.244.0/24", "10.0.245.0/24", "10.0.246.0/24"]
    error_message = "the database must be in the isolated subnets"
  }
  assert {
    condition     = output.database.ca_certificates == null
    error_message = "authorities that nobody gave are not known"
  }
}

run "tells_workloads_the_authorities_of_the_database" {
  command = plan

  variables {
    database_ca_file = "tests/fixtures/authorities.pem"
  }

  assert {
    condition     = output.database.ca_certificates == file("tests/fixtures/authorities.pem")
    error_message = "the authorities must be those of the file"
  }
}

run "runs_its_database_in_the_cluster_when_told" {
  command = plan

  variables {
    database = null
  }

  assert {
    condition     = output.database == null && length(module.database) == 0
    error_message = "there must be no managed database"
  }
}

run "keeps_the_secrets_of_services_in_a_secret_manager" {
  command = plan

  variables {
    services_folder = "tests/fixtures/services"
  }

  assert {
    condition     = local.secrets == { "catalog/session-key" = { provided = null, length = 48 }, "catalog/stripe-key" = { provided = true, length = null } }
    error_message = "secrets must be those of the services' descriptions"
  }
  assert {
    condition     = toset(keys(output.secrets)) == toset(["catalog/session-key", "catalog/stripe-key"]) && output.secrets["catalog/stripe-key"].set_command.command == "aws"
    error_message = "each secret must be told with the commands that read and set it"
  }
  assert {
    condition     = toset(keys(module.key)) == toset(["secrets", "logs", "volumes", "registry", "database", "services"])
    error_message = "secrets of services must have a key of their own"
  }
}

run "has_no_secrets_when_no_service_has" {
  command = plan

  variables {
    services_folder = "tests/fixtures/nothing"
  }

  assert {
    condition     = output.secrets != null && length(output.secrets) == 0
    error_message = "without secrets there must still be a store of them"
  }
}

run "carries_another_name_throughout" {
  command = plan

  variables {
    name = "shop"
  }

  assert {
    condition     = endswith(output.registry.host, "/shop") && nonsensitive(output.cluster.name) == "shop"
    error_message = "the name must be everywhere"
  }
}

run "lies_in_the_region_and_zones_that_are_given" {
  command = plan

  variables {
    region = "eu-west-1"
    zones  = ["eu-west-1b", "eu-west-1c"]
  }

  assert {
    condition     = output.registry.push == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/prod" && contains(nonsensitive(output.cluster.exec.args), "eu-west-1")
    error_message = "images and cluster must be in the region"
  }
  assert {
    condition     = keys(module.network.private_subnets) == ["eu-west-1b", "eu-west-1c"] && output.database.cidrs == ["10.0.244.0/24", "10.0.245.0/24"]
    error_message = "nodes and database must be in the zones"
  }
}

run "is_closed_small_and_protected_unless_told_otherwise" {
  command = plan

  assert {
    condition     = length(module.cluster.settings.public_cidrs) == 0 && length(module.cluster.settings.access) == 0
    error_message = "nobody but the creator may enter, and from inside alone"
  }
  assert {
    condition     = module.cluster.settings.node_groups["general"] == { instance_types = tolist(["m7i.large"]), min = 3, max = 9 }
    error_message = "there must be three to nine ordinary nodes"
  }
  assert {
    condition     = module.cluster.settings.deletion_protection && module.database[0].settings.deletion_protection
    error_message = "cluster and database must be protected"
  }
}

run "makes_the_cluster_as_it_is_told" {
  command = plan

  variables {
    kubernetes_version = "1.35"
    public_cidrs       = ["203.0.113.0/24"]
    nodes              = { instance_types = ["m7i.xlarge", "m6i.xlarge"], min = 4, max = 12 }
    access             = { developers = { principal_arn = "arn:aws:iam::123456789012:role/developers", policy = "edit", namespaces = ["apps"] } }
  }

  assert {
    condition     = module.cluster.settings.kubernetes_version == "1.35" && module.cluster.settings.public_cidrs == toset(["203.0.113.0/24"])
    error_message = "version and addresses must be the given ones"
  }
  assert {
    condition     = module.cluster.settings.node_groups["general"] == { instance_types = tolist(["m7i.xlarge", "m6i.xlarge"]), min = 4, max = 12 }
    error_message = "there must be four to twelve nodes of the given types"
  }
  assert {
    condition = module.cluster.settings.access["developers"] == {
      principal_arn = "arn:aws:iam::123456789012:role/developers"
      policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
      namespaces    = toset(["apps"])
    }
    error_message = "developers must be let in where they are told to be"
  }
}

run "makes_the_database_as_it_is_told" {
  command = plan

  variables {
    database = { instance_class = "db.r7g.xlarge", password_revision = 2 }
  }

  assert {
    condition     = module.database[0].settings.instance_class == "db.r7g.xlarge" && module.database[0].settings.password_revision == 2
    error_message = "class and revision must be the given ones"
  }
}

run "can_be_deleted_when_told" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !module.cluster.settings.deletion_protection && !module.database[0].settings.deletion_protection
    error_message = "neither cluster nor database may refuse"
  }
}

run "refuses_a_file_of_authorities_that_is_not_there" {
  command = plan

  variables {
    database_ca_file = "tests/fixtures/nothing.pem"
  }

  expect_failures = [var.database_ca_file]
}

run "refuses_a_file_of_authorities_that_holds_none" {
  command = plan

  variables {
    database_ca_file = "tests/fixtures/services/catalog/service.yaml"
  }

  expect_failures = [var.database_ca_file]
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    account_id = "prod"
  }

  expect_failures = [var.account_id]
}

run "refuses_to_go_online_without_an_account" {
  command = plan

  variables {
    offline    = false
    account_id = "000000000000"
  }

  expect_failures = [var.account_id]
}
