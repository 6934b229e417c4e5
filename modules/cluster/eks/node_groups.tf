variable "node_groups" {
  description = "Managed node groups by name: instance types, how they are paid (ON_DEMAND or SPOT), architecture (x86_64 or arm64), size of the root volume in GiB, least and greatest number of nodes (an autoscaler may move in between), labels, and taints."
  type = map(object({
    instance_types = optional(list(string), ["m7i.large"])
    capacity       = optional(string, "ON_DEMAND")
    architecture   = optional(string, "x86_64")
    volume_gib     = optional(number, 50)
    nodes          = optional(object({ min = optional(number, 3), max = optional(number, 6) }), {})
    labels         = optional(map(string), {})
    taints         = optional(list(object({ key = string, value = optional(string), effect = optional(string, "NO_SCHEDULE") })), [])
  }))
  nullable = false
  default  = { general = {} }

  validation {
    condition     = length(var.node_groups) >= 1 && alltrue([for name in keys(var.node_groups) : can(regex("^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$", name))])
    error_message = "node_groups must name at least one group, each by a DNS label of at most 20 characters."
  }

  validation {
    condition     = anytrue([for group in values(var.node_groups) : length(group.taints) == 0])
    error_message = "node_groups needs a group without taints: cluster DNS has to run somewhere."
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : length(group.instance_types) >= 1 && alltrue([for type in group.instance_types : can(regex("^[a-z0-9-]+[.][a-z0-9-]+$", type))])])
    error_message = "node_groups: instance_types must be types of instances, such as m7i.large."
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : contains(["ON_DEMAND", "SPOT"], group.capacity)])
    error_message = "node_groups: capacity must be ON_DEMAND or SPOT."
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : contains(["x86_64", "arm64"], group.architecture)])
    error_message = "node_groups: architecture must be x86_64 or arm64."
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : group.volume_gib >= 20 && floor(group.volume_gib) == group.volume_gib])
    error_message = "node_groups: volume_gib must be a whole number of at least 20."
  }

  validation {
    condition     = alltrue([for group in values(var.node_groups) : group.nodes.min >= 1 && group.nodes.max >= group.nodes.min])
    error_message = "node_groups: nodes needs 1 <= min <= max."
  }

  validation {
    condition     = alltrue(flatten([for group in values(var.node_groups) : [for taint in group.taints : contains(["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"], taint.effect)]]))
    error_message = "node_groups: a taint's effect must be NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE."
  }
}
