variable "name" {
  description = "Name of the registry's container, by which the nodes reach it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 63 characters, such as dev-registry: nodes resolve it."
  }
}

variable "image" {
  description = "Registry image, with its digest or under a name whose tag is a content hash. It keeps its data in /var/lib/registry."
  type        = string
  nullable    = false

  validation {
    condition     = var.image != "" && !endswith(var.image, ":latest")
    error_message = "image must name one fixed image, not latest."
  }
}

variable "network" {
  description = "Docker network that the registry shares with the cluster's nodes."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][-_.a-zA-Z0-9]{0,62}$", var.network))
    error_message = "network must be at most 63 letters, digits, dashes, dots and underscores, such as kindling-dev."
  }
}

variable "port" {
  description = "Port of 127.0.0.1 on which this host reaches the registry."
  type        = number
  nullable    = false
  default     = 5001

  validation {
    condition     = var.port >= 1 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1 to 65535."
  }
}

variable "volume" {
  description = "Docker volume of the images. It survives when the registry is made anew, not when it is destroyed."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][-_.a-zA-Z0-9]{0,62}$", var.volume))
    error_message = "volume must be at most 63 letters, digits, dashes, dots and underscores."
  }
}

variable "mirrored" {
  description = "Registry hosts whose images the nodes look for here first, under the host's name."
  type        = set(string)
  nullable    = false
  default     = ["docker.io", "ghcr.io", "quay.io", "registry.k8s.io"]

  validation {
    condition     = alltrue([for host in var.mirrored : can(regex("^[a-z0-9.-]+(:[0-9]+)?$", host))])
    error_message = "each of mirrored must be a registry host, such as registry.k8s.io."
  }
}
