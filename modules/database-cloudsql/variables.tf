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
  description = "Region of the server, its backups and its secret."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the server. Google does not give it away again for a week after the server is deleted."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "network" {
  description = "Id of the network, and name and addresses of its range for managed services: the output private_services of network/gcp."
  type        = object({ network = string, range = string, cidr = string })
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/global/networks/[^/]+$", var.network.network)) && var.network.range != ""
    error_message = "network must be the id of a network, projects/…/global/networks/…, and the name of a range in it."
  }

  validation {
    condition     = can(cidrhost(var.network.cidr, 0))
    error_message = "cidr of network must be a CIDR block, such as 10.2.0.0/16."
  }
}

variable "key" {
  description = "Id of the customer's key in Cloud KMS for disks, backups and the secret. The service agents of Cloud SQL and Secret Manager must be allowed to use it. It cannot be changed later."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.key))
    error_message = "key must be the id of a key: projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "database_version" {
  description = "Version of PostgreSQL."
  type        = string
  nullable    = false
  default     = "POSTGRES_17"

  validation {
    condition     = can(regex("^POSTGRES_(1[5-9]|[2-9][0-9])$", var.database_version))
    error_message = "database_version must be POSTGRES_15 or later."
  }
}

variable "machine" {
  description = "The server's machine: tier, edition (ENTERPRISE, or ENTERPRISE_PLUS with tiers of its own), and availability: REGIONAL has a standby in another zone, ZONAL none."
  type = object({
    tier         = optional(string, "db-custom-2-8192")
    edition      = optional(string, "ENTERPRISE")
    availability = optional(string, "REGIONAL")
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["ENTERPRISE", "ENTERPRISE_PLUS"], var.machine.edition)
    error_message = "edition of machine must be ENTERPRISE or ENTERPRISE_PLUS."
  }

  validation {
    condition     = (var.machine.edition == "ENTERPRISE_PLUS") == startswith(var.machine.tier, "db-perf-optimized-") && startswith(var.machine.tier, "db-")
    error_message = "tier of machine must be db-custom-CPUS-MEGABYTES for ENTERPRISE, db-perf-optimized-… for ENTERPRISE_PLUS."
  }

  validation {
    condition     = contains(["REGIONAL", "ZONAL"], var.machine.availability)
    error_message = "availability of machine must be REGIONAL or ZONAL."
  }
}

variable "disk" {
  description = "Size of the disk at first, and up to which it grows by itself, in GB (0: without bound)."
  type = object({
    size_gb  = optional(number, 20)
    limit_gb = optional(number, 200)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.disk.size_gb >= 10 && floor(var.disk.size_gb) == var.disk.size_gb
    error_message = "size_gb of disk must be a whole number of at least 10."
  }

  validation {
    condition     = var.disk.limit_gb == 0 || var.disk.limit_gb >= var.disk.size_gb
    error_message = "limit_gb of disk must not be below size_gb, or be 0."
  }
}

variable "backups" {
  description = "Daily backups: when they start (UTC), how many are kept, how many days back the server can be set to any moment (up to 7, ENTERPRISE_PLUS 35), and how many days the last one outlives the server."
  type = object({
    start_time    = optional(string, "03:00")
    retained      = optional(number, 30)
    recovery_days = optional(number, 7)
    final_days    = optional(number, 30)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.backups.start_time))
    error_message = "start_time of backups must be a time such as 03:00."
  }

  validation {
    condition     = var.backups.retained >= 7 && var.backups.retained <= 365
    error_message = "retained of backups must be from 7 to 365."
  }

  validation {
    condition     = var.backups.recovery_days >= 1 && var.backups.recovery_days <= (var.machine.edition == "ENTERPRISE_PLUS" ? 35 : 7)
    error_message = "recovery_days of backups must be from 1 to 7, with the edition ENTERPRISE_PLUS to 35."
  }

  validation {
    condition     = var.backups.final_days >= 1 && var.backups.final_days <= 365
    error_message = "final_days of backups must be from 1 to 365."
  }
}

variable "maintenance" {
  description = "The hour in which Google may restart the server for updates: day from 1 (Monday) to 7, hour from 0 to 23 (UTC)."
  type        = object({ day = optional(number, 7), hour = optional(number, 4) })
  nullable    = false
  default     = {}

  validation {
    condition     = contains(range(1, 8), var.maintenance.day) && contains(range(0, 24), var.maintenance.hour)
    error_message = "maintenance must be a day from 1 to 7 and an hour from 0 to 23."
  }
}

variable "flags" {
  description = "PostgreSQL's settings that Cloud SQL calls database flags, beside those that the module sets, or in their place."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = !contains(["ddl", "mod", "all"], lookup(var.flags, "log_statement", "none"))
    error_message = "log_statement in flags must be none: the statements that set passwords would be in the log, and the passwords with them."
  }
}

variable "admin" {
  description = "The administrator: its name, a revision that is raised to change the password, and who may read the password, as IAM names them, by a name of your choice."
  type = object({
    user              = optional(string, "postgres")
    password_revision = optional(number, 1)
    readers           = optional(map(string), {})
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]{0,62}$", var.admin.user)) && !startswith(var.admin.user, "pg_") && !startswith(var.admin.user, "cloudsql")
    error_message = "user of admin must be a name that PostgreSQL takes unquoted, and that neither it nor Cloud SQL reserves."
  }

  validation {
    condition     = var.admin.password_revision >= 1 && floor(var.admin.password_revision) == var.admin.password_revision
    error_message = "password_revision of admin must be a whole number of at least 1."
  }

  validation {
    condition     = length(setintersection(values(var.admin.readers), ["allUsers", "allAuthenticatedUsers"])) == 0
    error_message = "readers of admin must not be allUsers or allAuthenticatedUsers."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform and Google refuse to delete the server, and Terraform its secret."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the server and of its secret."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
