variable "name" {
  description = "Name of the key; its alias is alias/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-/a-z0-9]{0,62}[a-z0-9]$", var.name)) && !startswith(var.name, "aws/")
    error_message = "name must be 2 to 64 lower-case letters, digits, dashes and slashes, such as prod/secrets, and must not start with aws/."
  }
}

variable "description" {
  description = "What the key encrypts, for those who find it in the account."
  type        = string
  nullable    = false

  validation {
    condition     = var.description != "" && length(var.description) <= 8192
    error_message = "description must say what the key encrypts, in at most 8192 characters."
  }
}

variable "account_id" {
  description = "The account whose administrators manage the key: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of the account."
  }
}

variable "region" {
  description = "Region in which the key is used, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "uses" {
  description = "What AWS does with the key beside what its callers may: logs (CloudWatch Logs writes encrypted log groups) and volumes (EC2 Auto Scaling starts instances with encrypted volumes)."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = length(setsubtract(var.uses, ["logs", "volumes"])) == 0
    error_message = "uses knows logs and volumes."
  }
}

variable "deletion_window_days" {
  description = "Days between a deletion and its taking effect, in which it can be taken back. After that, all that the key has encrypted is lost."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30 && floor(var.deletion_window_days) == var.deletion_window_days
    error_message = "deletion_window_days must be a whole number from 7 to 30."
  }
}

variable "rotation_days" {
  description = "Days after which AWS makes new key material. What is encrypted stays readable."
  type        = number
  nullable    = false
  default     = 365

  validation {
    condition     = var.rotation_days >= 90 && var.rotation_days <= 2560 && floor(var.rotation_days) == var.rotation_days
    error_message = "rotation_days must be a whole number from 90 to 2560."
  }
}

variable "tags" {
  description = "Tags of the key."
  type        = map(string)
  nullable    = false
  default     = {}
}
