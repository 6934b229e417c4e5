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
  description = "Region of the subnet and of everything in it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.region))
    error_message = "region must be a region, not a zone, such as europe-west1."
  }
}

variable "name" {
  description = "Name of the network and prefix of what is in it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "ranges" {
  description = "Address ranges: nodes (and load balancers inside), pods, Services, and managed services such as Cloud SQL (empty leaves them out). A node takes a /24 of the pods for 110 of them."
  type = object({
    nodes            = optional(string, "10.0.0.0/20")
    pods             = optional(string, "10.4.0.0/14")
    services         = optional(string, "10.1.0.0/20")
    private_services = optional(string, "10.2.0.0/16")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for range in values(var.ranges) : range == "" || can(cidrhost(range, 0))])
    error_message = "each of ranges must be a CIDR block, such as 10.0.0.0/20."
  }

  # A block lies in another when its prefix is not shorter, and its first address
  # has the other's bits.
  validation {
    condition = try(alltrue([
      for range in compact(values(var.ranges)) : anytrue([
        for private in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"] :
        tonumber(split("/", range)[1]) >= tonumber(split("/", private)[1]) &&
        cidrhost("${split("/", range)[0]}/${split("/", private)[1]}", 0) == split("/", private)[0]
      ])
    ]), true)
    error_message = "each of ranges must be private: in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10."
  }

  # Two blocks overlap when they are the same, seen with the shorter prefix of both.
  validation {
    condition = try(alltrue([
      for pair in setproduct(compact(values(var.ranges)), compact(values(var.ranges))) :
      pair[0] == pair[1] ||
      cidrhost("${split("/", pair[0])[0]}/${min([for range in pair : tonumber(split("/", range)[1])]...)}", 0) !=
      cidrhost("${split("/", pair[1])[0]}/${min([for range in pair : tonumber(split("/", range)[1])]...)}", 0)
    ]) && length(distinct(compact(values(var.ranges)))) == length(compact(values(var.ranges))), true)
    error_message = "ranges must not overlap."
  }
}

variable "flow_logs" {
  description = "VPC flow logs: the share of flows that is recorded (above 0, up to 1), and over what interval they are summed."
  type = object({
    sampling = optional(number, 0.5)
    interval = optional(string, "INTERVAL_30_SEC")
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.flow_logs.sampling > 0 && var.flow_logs.sampling <= 1
    error_message = "sampling of flow_logs must be above 0 and at most 1: flow logs are never off."
  }

  validation {
    condition     = can(regex("^INTERVAL_(5_SEC|30_SEC|1_MIN|5_MIN|10_MIN|15_MIN)$", var.flow_logs.interval))
    error_message = "interval of flow_logs must be INTERVAL_5_SEC, _30_SEC, _1_MIN, _5_MIN, _10_MIN or _15_MIN."
  }
}

variable "dns_logs" {
  description = "Whether DNS queries are logged."
  type        = bool
  nullable    = false
  default     = true
}

variable "nat" {
  description = "Cloud NAT: number of reserved source addresses (0 lets Google choose, and change, them), and least and most ports of a node."
  type = object({
    addresses = optional(number, 1)
    min_ports = optional(number, 64)
    max_ports = optional(number, 4096)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.nat.addresses >= 0 && var.nat.addresses <= 300 && floor(var.nat.addresses) == var.nat.addresses
    error_message = "addresses of nat must be a whole number from 0 to 300."
  }

  validation {
    condition     = alltrue([for ports in [var.nat.min_ports, var.nat.max_ports] : contains([for exponent in range(5, 17) : pow(2, exponent)], ports)])
    error_message = "min_ports and max_ports of nat must be powers of two from 32 to 65536."
  }

  validation {
    condition     = var.nat.min_ports < var.nat.max_ports
    error_message = "min_ports of nat must be below max_ports."
  }
}

variable "ingress_address" {
  description = "Whether an external address is reserved for the load balancer of the ingress controller."
  type        = bool
  nullable    = false
  default     = true
}

variable "private_services_deletion_policy" {
  description = "What becomes of the connection to Google's network when the module is destroyed: DELETE, REMOVE_PEERING (for what DELETE refuses for days after a Cloud SQL instance is gone) or ABANDON."
  type        = string
  nullable    = false
  default     = "DELETE"

  validation {
    condition     = contains(["DELETE", "REMOVE_PEERING", "ABANDON"], var.private_services_deletion_policy)
    error_message = "private_services_deletion_policy must be DELETE, REMOVE_PEERING or ABANDON."
  }
}

variable "labels" {
  description = "Labels of what can have labels: the addresses."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
