variable "name" {
  description = "Name of the server and prefix of what belongs to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter and has no two dashes in a row, such as prod."
  }
}

variable "region" {
  description = "Region of the server, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "network" {
  description = "Where the server is: the VPC, subnets in at least two of its zones by any name (id and cidr), and the security groups that may connect, by a name of your own."
  type = object({
    vpc_id  = string
    subnets = map(object({ id = string, cidr = string }))
    clients = map(string)
  })
  nullable = false

  validation {
    condition     = length(var.network.subnets) >= 2
    error_message = "network.subnets must be at least two, in different zones: the standby needs another one."
  }

  validation {
    condition     = alltrue([for subnet in values(var.network.subnets) : can(cidrhost(subnet.cidr, 0))])
    error_message = "network.subnets: cidr must be a range of addresses, such as 10.0.244.0/24."
  }

  validation {
    condition     = length(var.network.clients) >= 1
    error_message = "network.clients must name who may connect: nobody else is let in."
  }
}

variable "keys" {
  description = "ARNs of KMS keys: of the data (volumes, snapshots, insights, the password), and of the logs. That of the data cannot be changed."
  type        = object({ data = string, logs = string })
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.keys) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "each of keys must be the ARN of a KMS key."
  }
}

variable "postgres_version" {
  description = "Major version of PostgreSQL. AWS installs its minor versions in the maintenance window."
  type        = number
  nullable    = false
  default     = 17

  validation {
    condition     = var.postgres_version >= 16 && floor(var.postgres_version) == var.postgres_version
    error_message = "postgres_version must be a whole number of at least 16: roles of services are set up as 16 and newer want it."
  }
}

variable "instance_class" {
  description = "Size of the server."
  type        = string
  nullable    = false
  default     = "db.m7g.large"

  validation {
    condition     = can(regex("^db[.][a-z0-9]+[.][a-z0-9]+$", var.instance_class))
    error_message = "instance_class must be a class of RDS, such as db.m7g.large."
  }
}

variable "storage" {
  description = "GiB of the volume at first, and up to how many it grows by itself."
  type = object({
    gib     = optional(number, 50)
    max_gib = optional(number, 500)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.storage.gib >= 20 && floor(var.storage.gib) == var.storage.gib && var.storage.max_gib > var.storage.gib
    error_message = "storage needs a whole number of at least 20 GiB, and max_gib above it."
  }
}

variable "highly_available" {
  description = "Whether a standby in another zone takes over when the server is lost."
  type        = bool
  nullable    = false
  default     = true
}

variable "backup" {
  description = "Days that backups are kept, within which any second can be restored, and when they are taken (UTC)."
  type = object({
    days   = optional(number, 14)
    window = optional(string, "01:00-02:00")
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.backup.days >= 7 && var.backup.days <= 35 && floor(var.backup.days) == var.backup.days
    error_message = "backup.days must be a whole number from 7 to 35."
  }

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup.window))
    error_message = "backup.window must be a time of the day in UTC, such as 01:00-02:00."
  }
}

variable "maintenance_window" {
  description = "When AWS may restart the server for its updates (UTC)."
  type        = string
  nullable    = false
  default     = "sun:03:00-sun:04:00"

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window must be a time of the week in UTC, such as sun:03:00-sun:04:00."
  }
}

variable "log_retention_days" {
  description = "Days that the server's logs are kept in CloudWatch Logs."
  type        = number
  nullable    = false
  default     = 90

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs knows, of at least 30 days: 30, 60, 90, 180, 365 and so on."
  }
}

variable "admin_user" {
  description = "Name of the administrator, who sets the services' roles up."
  type        = string
  nullable    = false
  default     = "postgres"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.admin_user)) && !contains(["admin", "rdsadmin"], var.admin_user) && !startswith(var.admin_user, "pg_")
    error_message = "admin_user must be lower-case letters, digits and underscores, and not admin, rdsadmin or pg_…, which are taken."
  }
}

variable "password_revision" {
  description = "Another number draws another password for the administrator."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.password_revision >= 1 && floor(var.password_revision) == var.password_revision
    error_message = "password_revision must be a whole number of at least 1."
  }
}

variable "ca_certificates" {
  description = "The authorities (PEM) that sign the certificates of RDS in the region, which AWS publishes as a bundle and no resource tells. Without them, clients encrypt and do not verify the server."
  type        = string
  nullable    = true
  default     = null

  validation {
    condition     = var.ca_certificates == null ? true : can(regex("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----", var.ca_certificates)) && !strcontains(var.ca_certificates, "PRIVATE KEY")
    error_message = "ca_certificates must be certificates in PEM form, without a private key."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the server."
  type        = bool
  nullable    = false
  default     = true
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
