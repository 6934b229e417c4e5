data "terraform_remote_state" "cluster" {
  backend = var.cluster_state.backend
  config = merge(
    { for name, value in { path = "${path.root}/../cluster/terraform.tfstate" } : name => value if var.cluster_state.config == null },
    var.cluster_state.config,
  )
}

locals {
  cluster  = data.terraform_remote_state.cluster.outputs.cluster
  ingress  = data.terraform_remote_state.cluster.outputs.ingress
  registry = data.terraform_remote_state.cluster.outputs.registry

  # A managed PostgreSQL, or none: then one runs in the cluster.
  managed_database = try(data.terraform_remote_state.cluster.outputs.database, null)
}

provider "kubernetes" {
  host                   = local.cluster.endpoint
  cluster_ca_certificate = local.cluster.ca_certificate
  client_certificate     = local.cluster.client_certificate
  client_key             = local.cluster.client_key

  dynamic "exec" {
    for_each = local.cluster.exec == null ? [] : [local.cluster.exec]
    content {
      api_version = exec.value.api_version
      command     = exec.value.command
      args        = exec.value.args
    }
  }
}

# Read before anything is planned: nothing is put into a cluster that is not the
# recorded one, and nothing is planned from descriptions that cannot hold.
data "kubernetes_namespace_v1" "kube_system" {
  metadata {
    name = "kube-system"
  }

  lifecycle {
    precondition {
      condition     = length(local.misnamed) == 0
      error_message = "the name in services/${join("/service.yaml, services/", local.misnamed)}/service.yaml is not its folder's name; make them equal"
    }
    precondition {
      condition     = length(local.unreleased) == 0
      error_message = "service ${join(", ", local.unreleased)} has no image in the release record; run make up env=${local.environment}"
    }
    precondition {
      condition     = length(local.unknown_calls) == 0
      error_message = "${join("; ", local.unknown_calls)}: no service.yaml describes the callee; correct calls in the caller's service.yaml"
    }
    precondition {
      condition     = length(local.unmet_needs) == 0
      error_message = "${join("; ", local.unmet_needs)}, which this environment does not offer; it offers ${join(" and ", local.offers)}"
    }
    precondition {
      condition     = length(local.messaging_clients) == 0 || local.messaging_image != null
      error_message = "${join(", ", local.messaging_clients)} needs messaging, whose image this environment was not given; on this machine make up env=${local.environment} builds it, for a cloud store it in the environment's registry (kindling supply push REGISTRY) and name it in terraform.tfvars: images = { nats = \"…@sha256:…\" }"
    }
    precondition {
      condition     = length(local.messaging_clients) == 0 || !local.messaging_homeless
      error_message = "${join(", ", local.messaging_clients)} needs messaging, which keeps events on volumes, and EKS makes no default StorageClass; make one and name it in terraform.tfvars: messaging = { storage = { class = \"…\" } }"
    }
    precondition {
      condition     = length(local.unknown_overrides) == 0
      error_message = "services overrides ${join(", ", local.unknown_overrides)}, which no service.yaml describes; correct services in terraform.tfvars"
    }
    precondition {
      condition     = local.managed_database == null || length(local.database_clients) == 0 || var.database_admin_password != null
      error_message = "the password of ${try(local.managed_database.admin_user, "")} on ${try(local.managed_database.host, "the database")} is not given; make does it, or for terraform itself: export TF_VAR_database_admin_password=\"$(${try(join(" ", concat([local.managed_database.admin_password_command.command], local.managed_database.admin_password_command.args)), "")})\""
    }
    precondition {
      condition     = length(local.missing_secrets) == 0
      error_message = "${join("; ", local.missing_secrets)}${local.secret_store == null ? "" : "; for terraform itself: eval \"$(${abspath("${path.root}/../../../.kindling/bin/kindling")} secret export --env ${local.folder})\""}"
    }
    # In a cloud the cluster root cannot ask for the identity. Endpoint and
    # authority are the cluster's own there: no other one answers for it.
    postcondition {
      condition     = local.cluster.uid == null ? true : self.metadata[0].uid == local.cluster.uid
      error_message = "the cluster that answers has the identity ${self.metadata[0].uid}, the recorded one has ${coalesce(nonsensitive(local.cluster.uid), "none")}: this is another cluster; run terraform apply in ../cluster, or make up env=${local.environment}, to record the one that is meant"
    }
  }
}
