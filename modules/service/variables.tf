variable "release" {
  description = "What runs: the image, pinned by digest, and the version that it was built from."
  type        = object({ image = string, version = string })
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.release.image))
    error_message = "release.image must be pinned by its digest: name@sha256:<64 hexadecimal digits>."
  }

  validation {
    condition     = var.release.version != ""
    error_message = "release.version must not be empty."
  }
}

variable "namespace" {
  description = "Namespace of the service's objects. It must exist."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a DNS label of at most 63 characters, such as apps."
  }
}

variable "environment" {
  description = "Name of the environment, such as dev; the container reads it as ENVIRONMENT."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$", var.environment))
    error_message = "environment must be a DNS label of at most 32 characters that starts with a letter."
  }
}

variable "ingress" {
  description = "How requests from outside arrive: the IngressClass, the namespace and the labels of the controller's pods, and the port under which users reach it by HTTPS."
  type = object({
    class      = string
    namespace  = string
    selector   = map(string)
    https_port = optional(number, 443)
  })
  nullable = false
}

variable "database" {
  description = "The service's database when it needs one: host, port, database name, user, the Secret with the password, and where it is: the labels of its pods, or, outside of the cluster, its addresses. ssl_mode is libpq's; without it, TLS is used when the server offers it. ca_certificates (PEM) are the authorities that verify-ca and verify-full trust."
  type = object({
    host            = string
    port            = number
    name            = string
    user            = string
    selector        = optional(map(string))
    cidrs           = optional(list(string), [])
    ssl_mode        = optional(string)
    ca_certificates = optional(string)
    secret          = object({ name = string, key = string, fingerprint = string })
  })
  nullable = true
  default  = null

  validation {
    condition     = var.database == null ? true : var.database.selector != null || length(var.database.cidrs) > 0
    error_message = "database needs selector or cidrs: without either, the service could not reach it."
  }

  validation {
    condition     = var.database == null ? true : alltrue([for cidr in var.database.cidrs : can(cidrhost(cidr, 0))])
    error_message = "database: each of cidrs must be a range of addresses, such as 10.0.244.0/24."
  }

  validation {
    condition     = try(var.database.ssl_mode, null) == null ? true : contains(["prefer", "require", "verify-ca", "verify-full"], var.database.ssl_mode)
    error_message = "database.ssl_mode must be prefer, require, verify-ca or verify-full."
  }

  validation {
    condition     = contains(["verify-ca", "verify-full"], coalesce(try(var.database.ssl_mode, null), "prefer")) == (try(var.database.ca_certificates, null) != null)
    error_message = "database.ca_certificates must be given with ssl_mode verify-ca or verify-full, and with no other."
  }

  validation {
    condition     = try(var.database.ca_certificates, null) == null ? true : can(regex("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----", var.database.ca_certificates)) && !strcontains(var.database.ca_certificates, "PRIVATE KEY")
    error_message = "database.ca_certificates must be certificates in PEM form, without a private key."
  }
}

variable "messaging" {
  description = "How the service reaches the environment's events when it needs messaging: URLs of the servers (comma-separated), user, name of the stream, the Secret with the password, and where the servers are: their port and the labels of their pods."
  type = object({
    url      = string
    user     = string
    stream   = string
    port     = number
    selector = map(string)
    secret   = object({ name = string, key = string, fingerprint = string })
  })
  nullable = true
  default  = null

  validation {
    condition     = var.messaging == null ? true : alltrue([for url in split(",", var.messaging.url) : can(regex("^[a-z]+://[^/@]+$", url))])
    error_message = "messaging.url must be comma-separated URLs without user or password, such as nats://messaging.apps.svc:4222."
  }

  validation {
    condition     = var.messaging == null ? true : var.messaging.user != "" && var.messaging.stream != ""
    error_message = "messaging must name the user and the stream."
  }

  validation {
    condition     = var.messaging == null ? true : var.messaging.port >= 1 && var.messaging.port <= 65535 && floor(var.messaging.port) == var.messaging.port
    error_message = "messaging.port must be a whole number from 1 to 65535."
  }

  validation {
    condition     = var.messaging == null ? true : length(var.messaging.selector) > 0
    error_message = "messaging.selector must have labels: without any, the service could reach every pod of the namespace."
  }
}

variable "secret_revisions" {
  description = "Revisions of the service's secrets whose values come from outside, by their names: pods restart with another revision. The other secrets get random values."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secret_revisions), var.service.secrets[*].name)) == 0
    error_message = "secret_revisions must name secrets of the service."
  }
}

variable "secret_values" {
  description = "The values that come from outside, by the names of the secrets. They are sent on and written down nowhere."
  type        = map(string)
  nullable    = false
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "callers" {
  description = "Names of the services that may call this one."
  type        = set(string)
  nullable    = false
  default     = []
}

variable "callees" {
  description = "Ports of the services that exist, by name: calls must name some of these."
  type        = map(number)
  nullable    = false
  default     = {}
}

variable "overrides" {
  description = "What the environment sets differently for this service: replicas, autoscaling, resources, and one host for all routes."
  type = object({
    replicas    = optional(number)
    autoscaling = optional(object({ min = number, max = number, cpu_percent = optional(number, 70) }))
    resources = optional(object({
      requests = optional(object({ cpu = optional(string), memory = optional(string) }), {})
      limits   = optional(object({ cpu = optional(string), memory = optional(string) }), {})
    }), {})
    host = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.overrides.replicas == null ? true : var.overrides.replicas >= 1 && floor(var.overrides.replicas) == var.overrides.replicas
    error_message = "overrides.replicas must be a whole number of at least 1."
  }

  validation {
    condition     = var.overrides.autoscaling == null ? true : var.overrides.autoscaling.min >= 1 && var.overrides.autoscaling.max >= var.overrides.autoscaling.min && alltrue([for number in values(var.overrides.autoscaling) : floor(number) == number])
    error_message = "overrides.autoscaling needs whole numbers, and 1 <= min <= max."
  }

  validation {
    condition     = var.overrides.autoscaling == null ? true : var.overrides.autoscaling.cpu_percent >= 1 && var.overrides.autoscaling.cpu_percent <= 100
    error_message = "overrides.autoscaling.cpu_percent must be from 1 to 100, of the requested cpu."
  }

  validation {
    condition     = alltrue([for amount in [var.overrides.resources.requests.cpu, var.overrides.resources.limits.cpu] : amount == null ? true : can(regex("^([0-9]+m|[0-9]+([.][0-9]{1,3})?)$", amount))])
    error_message = "overrides.resources: cpu must be in cores or thousandths of one, such as 0.5 or 25m."
  }

  validation {
    condition     = alltrue([for amount in [var.overrides.resources.requests.memory, var.overrides.resources.limits.memory] : amount == null ? true : can(regex("^[1-9][0-9]*(Ki|Mi|Gi)$", amount))])
    error_message = "overrides.resources: memory must be a whole number of Ki, Mi or Gi, such as 32Mi."
  }

  validation {
    condition     = var.overrides.host == null ? true : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", var.overrides.host))
    error_message = "overrides.host must be a lower-case DNS name, such as shop.localhost."
  }
}

variable "minimum_replicas" {
  description = "Least number of pods of any service in this environment."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.minimum_replicas >= 1 && floor(var.minimum_replicas) == var.minimum_replicas
    error_message = "minimum_replicas must be a whole number of at least 1."
  }
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/name, version and managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
