variable "image" {
  description = "Controller image, pinned by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by its digest: name@sha256:<64 hexadecimal digits>."
  }
}

variable "certificate" {
  description = "Paths of the PEM files of the certificate, with its chain, and of its key, that answer HTTPS for every host."
  type        = object({ certificate_file = string, key_file = string })
  nullable    = false
}

variable "sync_rate" {
  description = "How often a second the controller may follow changes of the cluster. Published controllers lose a change of pods that comes within a second of the one before, so theirs is 0.3; the one built from source does not."
  type        = number
  nullable    = false
  default     = 0.3

  validation {
    condition     = var.sync_rate > 0 && var.sync_rate <= 10
    error_message = "sync_rate must be above 0 and at most 10, such as 0.3: once in 3.3 seconds."
  }
}

variable "namespace" {
  description = "Namespace of the controller; the module makes it."
  type        = string
  nullable    = false
  default     = "ingress-nginx"

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be a DNS label of at most 63 characters."
  }
}

variable "run_as_user" {
  description = "Numeric user of the controller in the image."
  type        = number
  nullable    = false
  default     = 101

  validation {
    condition     = var.run_as_user > 0
    error_message = "run_as_user must be above 0: the controller does not run as root."
  }
}

variable "load_balancer" {
  description = "A load balancer of the cloud in front of the pods, in place of ports of the nodes: annotations of the Service that makes it, its ports, and who may connect (nobody named means everybody)."
  type = object({
    annotations   = optional(map(string), {})
    http_port     = optional(number, 80)
    https_port    = optional(number, 443)
    source_ranges = optional(set(string), [])
  })
  nullable = true
  default  = null

  validation {
    condition     = var.load_balancer == null ? true : alltrue([for port in [var.load_balancer.http_port, var.load_balancer.https_port] : port >= 1 && port <= 65535 && floor(port) == port]) && var.load_balancer.http_port != var.load_balancer.https_port
    error_message = "load_balancer must have two different whole numbers from 1 to 65535 for ports."
  }

  validation {
    condition     = var.load_balancer == null ? true : alltrue([for range in var.load_balancer.source_ranges : can(cidrhost(range, 0))])
    error_message = "load_balancer: each of source_ranges must be a range of addresses, such as 203.0.113.0/24."
  }
}

variable "replicas" {
  description = "Number of controller pods."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.replicas >= 1 && floor(var.replicas) == var.replicas
    error_message = "replicas must be a whole number of at least 1."
  }
}

variable "workers" {
  description = "Number of worker processes in each pod."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = var.workers >= 1 && var.workers <= 64 && floor(var.workers) == var.workers
    error_message = "workers must be a whole number from 1 to 64."
  }
}

variable "node_selector" {
  description = "Labels of the nodes whose ports are published, where the pods run. Behind a load balancer any node will do, and this is not used."
  type        = map(string)
  nullable    = false
  default     = { "ingress-ready" = "true" }
}

variable "node_ports" {
  description = "Ports of the nodes that lead to the controller, those that the published node has. Behind a load balancer they are any."
  type = object({
    http  = optional(number, 30080)
    https = optional(number, 30043)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for port in values(var.node_ports) : port >= 30000 && port <= 32767 && floor(port) == port]) && var.node_ports.http != var.node_ports.https
    error_message = "node_ports must be two different whole numbers from 30000 to 32767."
  }
}

variable "address" {
  description = "Host name or address that is written into the status of every Ingress. Behind a load balancer it is the load balancer's."
  type        = string
  nullable    = false
  default     = "localhost"
}

variable "https" {
  description = "Whether HTTP is redirected to HTTPS (only right when HTTPS is published on port 443), and whether browsers are told to remember HTTPS (HSTS; wrong for local authorities)."
  type = object({
    redirect = optional(bool, true)
    hsts     = optional(bool, true)
  })
  nullable = false
  default  = {}
}

variable "allowed_annotations" {
  description = "Controller annotations that an Ingress may carry; all others are refused at admission."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for annotation in var.allowed_annotations : can(regex("^[a-z0-9.-]+/[A-Za-z0-9._-]+$", annotation))])
    error_message = "each of allowed_annotations must be a full annotation name with its prefix, such as example.org/name."
  }
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/name, component and managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
