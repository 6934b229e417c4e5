variable "project" {
  description = "Id of the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter."
  }
}

variable "region" {
  description = "Region of the secrets. They are nowhere else."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west1."
  }
}

variable "name" {
  description = "Prefix of the secrets' ids, such as the name of the environment: NAME_SERVICE_SECRET."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "key" {
  description = "Id of the customer's key in Cloud KMS for the values. The service agent of Secret Manager must be allowed to use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key))
    error_message = "key must be the id of a key: projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "secrets" {
  description = "Secrets by SERVICE/NAME: whether people provide the value, who have it from elsewhere, and the length of a random one in characters."
  type = map(object({
    provided = optional(bool, false)
    length   = optional(number, 32)
  }))
  nullable = false

  validation {
    condition     = alltrue([for key in keys(var.secrets) : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?/[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", key))])
    error_message = "each key in secrets must be SERVICE/NAME, both DNS labels of at most 40 characters that start with a letter."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.length >= 16 && secret.length <= 256 && floor(secret.length) == secret.length])
    error_message = "each length in secrets must be a whole number from 16 to 256: shorter values can be guessed."
  }
}

variable "readers" {
  description = "Who may read the values, as IAM names them, by a name of your choice: whoever plans and applies the workloads."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setintersection(values(var.readers), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "readers must not be allUsers or allAuthenticatedUsers."
  }
}

variable "writers" {
  description = "Who may set the values, as IAM names them, by a name of your choice. It is not the permission to read them."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setintersection(values(var.writers), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "writers must not be allUsers or allAuthenticatedUsers."
  }
}

variable "destroy_after_days" {
  description = "Days within which a destroyed version of a secret can be restored."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.destroy_after_days >= 1 && var.destroy_after_days <= 365 && floor(var.destroy_after_days) == var.destroy_after_days
    error_message = "destroy_after_days must be a whole number from 1 to 365."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to delete the secrets. Google deletes them at once."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the secrets."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
