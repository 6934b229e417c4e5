locals {
  # Who pulls may pull from all of them; who pushes, to our own alone.
  repositories = merge(
    { (var.name) = google_artifact_registry_repository.this.name },
    { for host, remote in google_artifact_registry_repository.remote : local.remote_names[host] => remote.name },
  )

  pulls = {
    for pair in setproduct(concat([var.name], values(local.remote_names)), keys(var.readers)) :
    "${pair[0]}/${pair[1]}" => { repository = pair[0], member = var.readers[pair[1]] }
  }
}

resource "google_artifact_registry_repository_iam_member" "reader" {
  for_each = local.pulls

  project    = var.project
  location   = var.location
  repository = local.repositories[each.value.repository]
  role       = "roles/artifactregistry.reader"
  member     = each.value.member
}

resource "google_artifact_registry_repository_iam_member" "writer" {
  for_each = var.writers

  project    = var.project
  location   = var.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  member     = each.value
}
