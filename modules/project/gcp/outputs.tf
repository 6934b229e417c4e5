output "project" {
  description = "Id of the project, once its services are switched on."
  value       = var.project

  depends_on = [google_project_service.this]
}
