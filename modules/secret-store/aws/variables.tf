variable "name" {
  description = "Prefix of the secrets' names, such as that of the environment: NAME/SERVICE/SECRET."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "region" {
  description = "Region of the secrets, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key of the values. Whoever reads or sets one must be allowed to use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.key_arn))
    error_message = "key_arn must be the ARN of a KMS key."
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

variable "recovery_window_days" {
  description = "Days within which a deleted secret can be restored. Its name is taken for as long."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.recovery_window_days >= 7 && var.recovery_window_days <= 30 && floor(var.recovery_window_days) == var.recovery_window_days
    error_message = "recovery_window_days must be a whole number from 7 to 30."
  }
}

variable "tags" {
  description = "Tags of the secrets."
  type        = map(string)
  nullable    = false
  default     = {}
}
