# The services that an environment needs, with a record of who used keys and
# secrets.
module "project" {
  source = "../.."

  project = "example-project"
}

output "project" {
  description = "The project, once its services are on."
  value       = module.project.project
}
