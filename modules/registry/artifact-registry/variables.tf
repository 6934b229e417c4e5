variable "project" {
  description = "Id of the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter."
  }
}

variable "location" {
  description = "Region of the registry: that of the cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.location))
    error_message = "location must be a region, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the repository of our services' images, and prefix of those of others' images."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "key" {
  description = "Id of the customer's key in Cloud KMS that encrypts the images. Artifact Registry's service agent must be allowed to use it. It cannot be changed later."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key))
    error_message = "key must be the id of a key: projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "remotes" {
  description = "Registries of others, by host, that are fetched through here; with a user name and the Secret Manager version of its password where they want one."
  type = map(object({
    username                = optional(string, "")
    password_secret_version = optional(string, "")
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for host in keys(var.remotes) : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)+$", host))])
    error_message = "each of remotes must be a registry host, such as registry.k8s.io."
  }

  validation {
    condition     = alltrue([for remote in var.remotes : (remote.username == "") == (remote.password_secret_version == "")])
    error_message = "username and password_secret_version in remotes belong together."
  }

  validation {
    condition     = alltrue([for remote in var.remotes : remote.password_secret_version == "" || can(regex("^projects/[^/]+/secrets/[^/]+/versions/[0-9]+$", remote.password_secret_version))])
    error_message = "password_secret_version in remotes must be projects/…/secrets/…/versions/NUMBER."
  }
}

variable "readers" {
  description = "Who may pull, as IAM names them, by a name of your choice: { nodes = \"serviceAccount:…\" }."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setintersection(values(var.readers), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "readers must not be allUsers or allAuthenticatedUsers: the images would be public."
  }
}

variable "writers" {
  description = "Who may push our services' images, as IAM names them, by a name of your choice."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setintersection(values(var.writers), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "writers must not be allUsers or allAuthenticatedUsers: everybody could push."
  }
}

variable "cleanup" {
  description = "Versions of each image that are always kept, the age in days from which others that have no tag are deleted (of other registries' images, all), and whether deletions are only logged."
  type = object({
    keep_versions   = optional(number, 50)
    older_than_days = optional(number, 90)
    dry_run         = optional(bool, false)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.cleanup.keep_versions >= 20 && floor(var.cleanup.keep_versions) == var.cleanup.keep_versions
    error_message = "keep_versions of cleanup must be a whole number of at least 20: the release record goes back by as many."
  }

  validation {
    condition     = var.cleanup.older_than_days >= 1 && floor(var.cleanup.older_than_days) == var.cleanup.older_than_days
    error_message = "older_than_days of cleanup must be a whole number of at least 1."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the repository of our services' images."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the repositories."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
