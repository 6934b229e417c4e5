variable "namespace" {
  description = "Namespace of the Secrets. It must exist."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a DNS label of at most 63 characters, such as apps."
  }
}

variable "secrets" {
  description = "Secrets with one value each, by name: key that holds it and, of a random one, length in characters and whether it may hold punctuation."
  type = map(object({
    length  = optional(number, 32)
    key     = optional(string, "value")
    special = optional(bool, false)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$", name))])
    error_message = "each name in secrets must be at most 253 characters: lower-case letters, digits and dashes."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.length >= 16 && secret.length <= 256 && floor(secret.length) == secret.length])
    error_message = "each length in secrets must be a whole number from 16 to 256: shorter values can be guessed."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex("^[-._a-zA-Z0-9]{1,253}$", secret.key))])
    error_message = "each key in secrets must be 1 to 253 letters, digits, dashes, dots or underscores."
  }
}

variable "revisions" {
  description = "Revisions of the values that come from outside, by the name of the Secret: another revision sends the value again. The other Secrets get random values."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.revisions), keys(var.secrets))) == 0
    error_message = "revisions must name Secrets that are in secrets."
  }

  validation {
    condition     = alltrue([for revision in var.revisions : revision != ""])
    error_message = "each of revisions must not be empty: without revision, a new value would never be sent."
  }
}

variable "values" {
  description = "The values that come from outside, by the name of the Secret. They are sent on and written down nowhere."
  type        = map(string)
  nullable    = false
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "labels" {
  description = "Labels of the Secrets, beside app.kubernetes.io/managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
