variable "node_pools" {
  description = "Node pools by name: machine type, least and most nodes (over all zones), boot disk, labels, taints, spot machines, most pods on a node, and how many nodes more, or fewer, there may be during an upgrade."
  type = map(object({
    machine_type      = optional(string, "e2-standard-4")
    nodes             = optional(object({ min = optional(number, 3), max = optional(number, 9) }), {})
    disk              = optional(object({ type = optional(string, "pd-balanced"), size_gb = optional(number, 100) }), {})
    labels            = optional(map(string), {})
    taints            = optional(list(object({ key = string, value = optional(string, ""), effect = string })), [])
    spot              = optional(bool, false)
    max_pods_per_node = optional(number, 110)
    upgrade           = optional(object({ max_surge = optional(number, 1), max_unavailable = optional(number, 0) }), {})
  }))
  nullable = false
  default  = { general = {} }

  # GKE makes the pool's whole name of it, within 40 characters.
  validation {
    condition     = length(var.node_pools) > 0 && alltrue([for name in keys(var.node_pools) : can(regex("^[a-z]([-a-z0-9]{0,11}[a-z0-9])?$", name))])
    error_message = "node_pools must have at least one pool, each with a name of at most 13 lower-case letters, digits and dashes."
  }

  validation {
    condition = alltrue([
      for pool in var.node_pools :
      pool.nodes.min >= 0 && pool.nodes.min <= pool.nodes.max && pool.nodes.max >= 1 && floor(pool.nodes.min) == pool.nodes.min && floor(pool.nodes.max) == pool.nodes.max
    ])
    error_message = "nodes in node_pools must be whole numbers, min at least 0, max at least 1 and not below min."
  }

  validation {
    condition     = anytrue([for pool in var.node_pools : pool.nodes.min >= 1 && length(pool.taints) == 0 && !pool.spot])
    error_message = "one pool in node_pools must always have a node that takes every pod: min of 1 or more, no taints, not spot. GKE's own pods need it."
  }

  validation {
    condition     = alltrue([for pool in var.node_pools : pool.disk.size_gb >= 30 && floor(pool.disk.size_gb) == pool.disk.size_gb])
    error_message = "size_gb of disk in node_pools must be a whole number of at least 30."
  }

  validation {
    condition     = alltrue(flatten([for pool in var.node_pools : [for taint in pool.taints : contains(["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"], taint.effect)]]))
    error_message = "each effect of taints in node_pools must be NO_SCHEDULE, PREFER_NO_SCHEDULE or NO_EXECUTE."
  }

  validation {
    condition     = alltrue([for pool in var.node_pools : pool.max_pods_per_node >= 8 && pool.max_pods_per_node <= 256])
    error_message = "max_pods_per_node in node_pools must be from 8 to 256."
  }

  validation {
    condition     = alltrue([for pool in var.node_pools : pool.upgrade.max_surge >= 0 && pool.upgrade.max_unavailable >= 0 && pool.upgrade.max_surge + pool.upgrade.max_unavailable > 0])
    error_message = "max_surge and max_unavailable of upgrade in node_pools must not be negative, and not both 0."
  }
}
