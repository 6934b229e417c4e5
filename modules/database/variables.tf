variable "namespace" {
  description = "Namespace of the database and of the services that use it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a DNS label of at most 63 characters, such as apps."
  }
}

variable "name" {
  description = "Name of the database's objects and the host name by which services reach it."
  type        = string
  nullable    = false
  default     = "database"

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 20 characters that starts with a letter."
  }
}

variable "image" {
  description = "PostgreSQL image, pinned by digest: the server's, and of the Jobs that set clients up. Its entrypoint initialises an empty data folder, makes the superuser's password equal to the file that POSTGRES_PASSWORD_FILE names, and the image has psql, pg_isready and sh on its PATH."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by its digest: name@sha256:<64 hexadecimal digits>."
  }
}

variable "run_as_user" {
  description = "Numeric user and group of PostgreSQL in the image."
  type        = number
  nullable    = false
  default     = 999

  validation {
    condition     = var.run_as_user > 0
    error_message = "run_as_user must be above 0: PostgreSQL refuses to run as root."
  }
}

variable "clients" {
  description = "Names of the services that get a role, a database and a Secret of their own."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for client in var.clients : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", client))])
    error_message = "each of clients must be a DNS label of at most 40 characters that starts with a letter."
  }

  validation {
    condition     = length(setintersection(var.clients, ["postgres", "template0", "template1"])) == 0
    error_message = "clients must not be postgres, template0 or template1: PostgreSQL has databases of these names."
  }
}

variable "dropped" {
  description = "Names of services that are gone, whose database and role are dropped, with all data. A Job does it; when it is done, the name can be taken out."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for client in var.dropped : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", client))])
    error_message = "each of dropped must be a DNS label of at most 40 characters that starts with a letter."
  }

  validation {
    condition     = length(setintersection(var.dropped, ["postgres", "template0", "template1"])) == 0
    error_message = "dropped must not be postgres, template0 or template1: they are the server's own."
  }

  validation {
    condition     = length(setintersection(var.dropped, var.clients)) == 0
    error_message = "dropped must not name a client: its database is in use."
  }
}

variable "external" {
  description = "A server outside of the cluster, in place of the one that runs in it: host, port, administrator, a revision that changes with the administrator's password, the addresses where it is (without any: the host, when it is an address; else any, on this port alone), and the authorities (PEM) that sign its certificate (without any: it is not verified)."
  type = object({
    host                    = string
    port                    = optional(number, 5432)
    admin_user              = string
    admin_password_revision = string
    cidrs                   = optional(list(string))
    ca_certificates         = optional(string)
  })
  nullable = true
  default  = null

  validation {
    condition     = var.external == null ? true : can(regex("^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", var.external.host)) && var.external.port >= 1 && var.external.port <= 65535
    error_message = "external must name a host and a port from 1 to 65535."
  }

  validation {
    condition     = var.external == null ? true : var.external.admin_user != "" && var.external.admin_password_revision != ""
    error_message = "external must name the administrator and the revision of its password."
  }

  validation {
    condition     = try(var.external.cidrs, null) == null ? true : length(var.external.cidrs) > 0 && alltrue([for cidr in var.external.cidrs : can(cidrhost(cidr, 0))])
    error_message = "external: cidrs must be ranges of addresses, such as 10.0.244.0/24."
  }

  validation {
    condition     = try(var.external.ca_certificates, null) == null ? true : can(regex("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----", var.external.ca_certificates)) && !strcontains(var.external.ca_certificates, "PRIVATE KEY")
    error_message = "external: ca_certificates must be certificates in PEM form, without a private key."
  }
}

variable "admin_password" {
  description = "Password of the external server's administrator. It is sent on and written down nowhere."
  type        = string
  nullable    = true
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "storage" {
  description = "The data volume: its size, and its storage class (empty takes the cluster's default)."
  type = object({
    size  = optional(string, "1Gi")
    class = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi|Ti)$", var.storage.size))
    error_message = "storage.size must be a whole number of Mi, Gi or Ti, such as 1Gi."
  }
}

variable "resources" {
  description = "Requests and limits of the server: cpu in cores or m, memory in Mi or Gi."
  type = object({
    requests = optional(object({ cpu = optional(string, "50m"), memory = optional(string, "64Mi") }), {})
    limits   = optional(object({ cpu = optional(string), memory = optional(string, "512Mi") }), {})
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for amount in [var.resources.requests.cpu, var.resources.limits.cpu] : amount == null ? true : can(regex("^([0-9]+m|[0-9]+([.][0-9]{1,3})?)$", amount))])
    error_message = "resources: cpu must be in cores or thousandths of one, such as 0.5 or 50m."
  }

  validation {
    condition     = alltrue([for amount in [var.resources.requests.memory, var.resources.limits.memory] : amount == null ? true : can(regex("^[1-9][0-9]*(Mi|Gi)$", amount))])
    error_message = "resources: memory must be a whole number of Mi or Gi, such as 512Mi."
  }
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/name and managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
