variable "namespace" {
  description = "Namespace of the servers and of the services that use them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a DNS label of at most 63 characters, such as apps."
  }
}

variable "name" {
  description = "Name of the objects and the host name by which services reach the servers."
  type        = string
  nullable    = false
  default     = "messaging"

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 20 characters that starts with a letter."
  }
}

variable "image" {
  description = "NATS image, pinned by digest: its entrypoint is the server, which is at /nats-server, and /messaging-setup makes the stream."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by its digest: name@sha256:<64 hexadecimal digits>."
  }
}

variable "run_as_user" {
  description = "Numeric user and group of the servers and of the Job."
  type        = number
  nullable    = false
  default     = 65532

  validation {
    condition     = var.run_as_user > 0
    error_message = "run_as_user must be above 0: nothing here runs as root."
  }
}

variable "clients" {
  description = "Names of the services that get a user and a Secret of their own."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for client in var.clients : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", client))])
    error_message = "each of clients must be a DNS label of at most 40 characters that starts with a letter."
  }
}

variable "servers" {
  description = "Number of servers: 1, or 3 that each keep every event, on nodes of their own. Another number is another broker, which begins without the events of the former."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = contains([1, 3], var.servers)
    error_message = "servers must be 1 or 3: of two, both would be needed."
  }
}

variable "stream" {
  description = "How long events are kept, and how many bytes of them at most (without: two thirds of the volume). Whichever comes first: the oldest go."
  type = object({
    max_age_hours = optional(number, 168)
    max_bytes     = optional(number)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.stream.max_age_hours >= 1 && floor(var.stream.max_age_hours) == var.stream.max_age_hours
    error_message = "stream.max_age_hours must be a whole number of hours, at least 1."
  }

  validation {
    condition     = var.stream.max_bytes == null ? true : var.stream.max_bytes >= 1048576 && floor(var.stream.max_bytes) == var.stream.max_bytes
    error_message = "stream.max_bytes must be a whole number of bytes, at least 1048576."
  }
}

variable "storage" {
  description = "The data volume of each server: its size, and its storage class (empty takes the cluster's default)."
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
  description = "Requests and limits of a server: cpu in cores or m, memory in Mi or Gi."
  type = object({
    requests = optional(object({ cpu = optional(string, "50m"), memory = optional(string, "64Mi") }), {})
    limits   = optional(object({ cpu = optional(string), memory = optional(string, "256Mi") }), {})
  })
  nullable = false
  default  = {}
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/name and managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
