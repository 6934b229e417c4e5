locals {
  # Reference of an image is HOST/NAME@DIGEST.
  address = "${var.location}-docker.pkg.dev/${var.project}"

  # Repositories cannot have dots in their names.
  remote_names = { for host in keys(var.remotes) : host => "${var.name}-${replace(host, "/[^a-z0-9]/", "-")}" }
}

# The images of our services. A tag is never moved, so what it named yesterday it
# names today.
resource "google_artifact_registry_repository" "this" {
  project       = var.project
  location      = var.location
  repository_id = var.name
  description   = "Images of the services."
  format        = "DOCKER"
  mode          = "STANDARD_REPOSITORY"
  kms_key_name  = var.key
  labels        = var.labels

  deletion_policy = var.deletion_protection ? "PREVENT" : "DELETE"

  docker_config {
    immutable_tags = true
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  cleanup_policy_dry_run = var.cleanup.dry_run

  # What a policy keeps, no other deletes.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.cleanup.keep_versions
    }
  }
  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED" # a tag that may not be deleted holds its image
      older_than = "${var.cleanup.older_than_days * 86400}s"
    }
  }
}

# What others publish, fetched once and kept: nodes need no way to the registries of
# others, and their limits and failures are not ours.
resource "google_artifact_registry_repository" "remote" {
  for_each = var.remotes

  project       = var.project
  location      = var.location
  repository_id = local.remote_names[each.key]
  description   = "Images of ${each.key}, fetched when they are asked for."
  format        = "DOCKER"
  mode          = "REMOTE_REPOSITORY"
  kms_key_name  = var.key
  labels        = var.labels

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  remote_repository_config {
    description = "https://${each.key}"

    dynamic "docker_repository" {
      for_each = each.key == "docker.io" ? [each.key] : []
      content {
        public_repository = "DOCKER_HUB"
      }
    }
    dynamic "common_repository" {
      for_each = each.key == "docker.io" ? [] : [each.key]
      content {
        uri = "https://${common_repository.value}"
      }
    }
    dynamic "upstream_credentials" {
      for_each = each.value.username == "" ? [] : [each.value]
      content {
        username_password_credentials {
          username                = upstream_credentials.value.username
          password_secret_version = upstream_credentials.value.password_secret_version
        }
      }
    }
  }

  cleanup_policy_dry_run = var.cleanup.dry_run

  # It is fetched again when it is asked for again.
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "${var.cleanup.older_than_days * 86400}s"
    }
  }
}
