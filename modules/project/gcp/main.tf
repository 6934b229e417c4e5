resource "google_project_service" "this" {
  for_each = var.services

  project = var.project
  service = each.key

  # Others may use the service too, and what depends on it would be switched off
  # with it.
  disable_on_destroy = false
}

# Who administered resources is always logged; who read or wrote data is not,
# until it is asked for.
resource "google_project_iam_audit_config" "this" {
  for_each = var.data_access_logs

  project = var.project
  service = each.key

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    content {
      log_type = audit_log_config.value
    }
  }
}
