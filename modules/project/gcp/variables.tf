variable "project" {
  description = "Id of the project. It must exist and have a billing account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter."
  }
}

variable "services" {
  description = "Google APIs that are switched on. They stay on when the module is destroyed."
  type        = set(string)
  nullable    = false
  default = [
    "artifactregistry.googleapis.com",
    "cloudkms.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "containerscanning.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
  ]

  validation {
    condition     = alltrue([for service in var.services : can(regex("^[a-z0-9-]+[.]googleapis[.]com$", service))])
    error_message = "each of services must be the name of a Google API, such as container.googleapis.com."
  }
}

variable "data_access_logs" {
  description = "Services of which Cloud Audit Logs record every read and write of data: by default those that hold keys and secrets. The module owns the audit configuration of these services."
  type        = set(string)
  nullable    = false
  default     = ["cloudkms.googleapis.com", "secretmanager.googleapis.com"]

  validation {
    condition     = alltrue([for service in var.data_access_logs : service == "allServices" || can(regex("^[a-z0-9-]+[.]googleapis[.]com$", service))])
    error_message = "each of data_access_logs must be the name of a Google API, such as cloudkms.googleapis.com, or allServices."
  }
}
