variable "project" {
  description = "The project: its id, and its number, which the accounts of Google's service agents carry."
  type        = object({ id = string, number = string })
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project.id))
    error_message = "id of project must be 6 to 30 lower-case letters, digits and dashes, starting with a letter."
  }

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.project.number))
    error_message = "number of project must be digits only: gcloud projects describe PROJECT --format='value(projectNumber)'."
  }
}

variable "location" {
  description = "Region of the keys. What they encrypt must be in the same one."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.location))
    error_message = "location must be a region, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the key ring. Google never frees it, not even when the ring is destroyed."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[-_a-zA-Z0-9]{1,63}$", var.name))
    error_message = "name must be at most 63 letters, digits, dashes and underscores."
  }
}

variable "keys" {
  description = "Keys by name: which Google services may use each (artifact_registry, cloud_sql, compute, kubernetes, secret_manager), after how many days it is rotated, how many days a destroyed version can be restored, and where it lives (SOFTWARE or HSM)."
  type = map(object({
    service_agents     = set(string)
    rotation_days      = optional(number, 90)
    destroy_after_days = optional(number, 30)
    protection_level   = optional(string, "SOFTWARE")
  }))
  nullable = false

  validation {
    condition     = length(var.keys) > 0 && alltrue([for name in keys(var.keys) : can(regex("^[-_a-zA-Z0-9]{1,63}$", name))])
    error_message = "keys must have at least one key, each with a name of at most 63 letters, digits, dashes and underscores."
  }

  validation {
    condition = alltrue([
      for key in var.keys :
      length(setsubtract(key.service_agents, ["artifact_registry", "cloud_sql", "compute", "kubernetes", "secret_manager"])) == 0
    ])
    error_message = "service_agents in keys may be artifact_registry, cloud_sql, compute, kubernetes and secret_manager."
  }

  validation {
    condition     = alltrue([for key in var.keys : key.rotation_days >= 1 && key.rotation_days <= 365 && floor(key.rotation_days) == key.rotation_days])
    error_message = "rotation_days in keys must be a whole number from 1 to 365."
  }

  validation {
    condition     = alltrue([for key in var.keys : key.destroy_after_days >= 7 && key.destroy_after_days <= 120 && floor(key.destroy_after_days) == key.destroy_after_days])
    error_message = "destroy_after_days in keys must be a whole number from 7 to 120."
  }

  validation {
    condition     = alltrue([for key in var.keys : contains(["SOFTWARE", "HSM"], key.protection_level)])
    error_message = "protection_level in keys must be SOFTWARE or HSM."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the keys."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the keys."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
