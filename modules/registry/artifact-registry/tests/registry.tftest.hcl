mock_provider "google" {}

variables {
  project  = "example-project"
  location = "europe-west1"
  name     = "prod"
  key      = "projects/example-project/locations/europe-west1/keyRings/prod/cryptoKeys/images"
}

run "keeps_images_under_tags_that_never_move" {
  command = plan

  assert {
    condition = (
      google_artifact_registry_repository.this.docker_config[0].immutable_tags &&
      google_artifact_registry_repository.this.format == "DOCKER" &&
      google_artifact_registry_repository.this.mode == "STANDARD_REPOSITORY"
    )
    error_message = "tags must be immutable"
  }
  assert {
    condition     = google_artifact_registry_repository.this.kms_key_name == var.key
    error_message = "images must be encrypted with the customer's key"
  }
  assert {
    condition     = google_artifact_registry_repository.this.vulnerability_scanning_config[0].enablement_config == "INHERITED"
    error_message = "images must be scanned where the project scans"
  }
  assert {
    condition     = google_artifact_registry_repository.this.deletion_policy == "PREVENT"
    error_message = "images must not be destroyed by mistake"
  }
}

run "tells_where_to_push_and_how_references_name_it" {
  command = plan

  assert {
    condition = output.registry == {
      host     = "europe-west1-docker.pkg.dev/example-project/prod"
      push     = "europe-west1-docker.pkg.dev/example-project/prod"
      insecure = false
      mirrors  = {}
    }
    error_message = "the output must have the fields that every flavour has"
  }
}

run "cleans_up_but_keeps_the_recent_ones" {
  command = plan

  assert {
    condition = { for policy in google_artifact_registry_repository.this.cleanup_policies : policy.id => policy.action } == {
      keep-recent     = "KEEP"
      delete-untagged = "DELETE"
    }
    error_message = "what is old must go, what is recent must stay"
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.most_recent_versions[0].keep_count if policy.id == "keep-recent"]) == 50
    error_message = "fifty versions of each image must stay"
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.condition[0] if policy.id == "delete-untagged"]).older_than == "7776000s"
    error_message = "the others must go after 90 days"
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : policy.condition[0] if policy.id == "delete-untagged"]).tag_state == "UNTAGGED"
    error_message = "no image that has a tag may go"
  }
  assert {
    condition     = !google_artifact_registry_repository.this.cleanup_policy_dry_run
    error_message = "the policies must hold"
  }
}

run "fetches_what_others_publish" {
  command = plan

  variables {
    remotes = {
      "registry.k8s.io" = {}
      "docker.io"       = { username = "somebody", password_secret_version = "projects/example-project/secrets/docker-hub/versions/1" }
    }
    cleanup             = { keep_versions = 20, older_than_days = 7, dry_run = true }
    deletion_protection = false
    labels              = { environment = "prod" }
  }

  assert {
    condition = alltrue([
      for remote in google_artifact_registry_repository.remote :
      remote.mode == "REMOTE_REPOSITORY" && remote.format == "DOCKER" && remote.kms_key_name == var.key && remote.cleanup_policy_dry_run && remote.labels["environment"] == "prod"
    ])
    error_message = "what is fetched must be kept, encrypted like our own"
  }
  assert {
    condition     = google_artifact_registry_repository.remote["registry.k8s.io"].remote_repository_config[0].common_repository[0].uri == "https://registry.k8s.io"
    error_message = "a registry must be fetched from by its address"
  }
  assert {
    condition     = google_artifact_registry_repository.remote["docker.io"].remote_repository_config[0].docker_repository[0].public_repository == "DOCKER_HUB"
    error_message = "Docker Hub must be fetched from by its name"
  }
  assert {
    condition = (
      one(google_artifact_registry_repository.remote["docker.io"].remote_repository_config[0].upstream_credentials[0].username_password_credentials).username == "somebody" &&
      length(google_artifact_registry_repository.remote["registry.k8s.io"].remote_repository_config[0].upstream_credentials) == 0
    )
    error_message = "credentials must be used where they are given"
  }
  assert {
    condition = output.registry.mirrors == {
      "registry.k8s.io" = "europe-west1-docker.pkg.dev/example-project/prod-registry-k8s-io"
      "docker.io"       = "europe-west1-docker.pkg.dev/example-project/prod-docker-io"
    }
    error_message = "the prefixes must be told"
  }
  assert {
    condition     = google_artifact_registry_repository.this.deletion_policy == "DELETE"
    error_message = "protection must go when told"
  }
}

run "lets_readers_pull_and_writers_push_and_nobody_else" {
  command = plan

  override_resource {
    target          = google_artifact_registry_repository.this
    override_during = plan
    values          = { name = "prod" }
  }

  variables {
    remotes = { "registry.k8s.io" = {} }
    readers = { nodes = "serviceAccount:nodes@example-project.iam.gserviceaccount.com" }
    writers = { ci = "serviceAccount:ci@example-project.iam.gserviceaccount.com" }
  }

  assert {
    condition     = toset(keys(google_artifact_registry_repository_iam_member.reader)) == toset(["prod/nodes", "prod-registry-k8s-io/nodes"])
    error_message = "readers must be let into all repositories"
  }
  assert {
    condition = alltrue([
      for grant in google_artifact_registry_repository_iam_member.reader :
      grant.role == "roles/artifactregistry.reader" && grant.member == "serviceAccount:nodes@example-project.iam.gserviceaccount.com"
    ])
    error_message = "readers must pull, and do nothing else"
  }
  assert {
    condition = (
      google_artifact_registry_repository_iam_member.writer["ci"].role == "roles/artifactregistry.writer" &&
      google_artifact_registry_repository_iam_member.writer["ci"].repository == "prod" &&
      length(google_artifact_registry_repository_iam_member.writer) == 1
    )
    error_message = "writers must push to our own repository alone"
  }
}
