variable "logs" {
  description = "What writes to Cloud Logging."
  type        = set(string)
  nullable    = false
  default     = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "KCP_CONNECTION", "KCP_SSHD"]

  validation {
    condition     = length(setsubtract(var.logs, ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "KCP_CONNECTION", "KCP_SSHD", "KCP_HPA", "KCP_VPA"])) == 0
    error_message = "logs may be SYSTEM_COMPONENTS, WORKLOADS, APISERVER, CONTROLLER_MANAGER, SCHEDULER, KCP_CONNECTION, KCP_SSHD, KCP_HPA and KCP_VPA."
  }

  validation {
    condition     = length(setintersection(var.logs, ["SYSTEM_COMPONENTS", "APISERVER"])) == 2
    error_message = "logs must have SYSTEM_COMPONENTS, without which GKE takes no other, and APISERVER."
  }
}

variable "metrics" {
  description = "What writes to Cloud Monitoring."
  type        = set(string)
  nullable    = false
  default     = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "STORAGE", "HPA", "POD", "DAEMONSET", "DEPLOYMENT", "STATEFULSET"]

  validation {
    condition     = contains(var.metrics, "SYSTEM_COMPONENTS")
    error_message = "metrics must have SYSTEM_COMPONENTS, without which GKE takes no other."
  }
}

variable "release_channel" {
  description = "Which versions GKE upgrades to, and when: RAPID, REGULAR, STABLE or EXTENDED."
  type        = string
  nullable    = false
  default     = "REGULAR"

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "release_channel must be RAPID, REGULAR, STABLE or EXTENDED: outside a channel nothing is upgraded."
  }
}

variable "maintenance" {
  description = "When GKE may upgrade: start and end of the first window (RFC 3339, in UTC), how it recurs (RFC 5545; 48 hours in 32 days at least), and exclusions by name, with what they exclude."
  type = object({
    start      = optional(string, "2026-01-03T01:00:00Z")
    end        = optional(string, "2026-01-03T07:00:00Z")
    recurrence = optional(string, "FREQ=WEEKLY;BYDAY=SA,SU")
    exclusions = optional(map(object({
      start = string
      end   = string
      scope = optional(string, "NO_MINOR_UPGRADES")
    })), {})
  })
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for window in concat([{ start = var.maintenance.start, end = var.maintenance.end }], [for exclusion in values(var.maintenance.exclusions) : { start = exclusion.start, end = exclusion.end }]) :
      try(timecmp(window.start, window.end) < 0, false) && endswith(window.end, "Z") && endswith(window.start, "Z")
    ])
    error_message = "start and end in maintenance must be times in UTC, such as 2026-01-03T01:00:00Z, the end after the start."
  }

  validation {
    condition     = try(timecmp(timeadd(var.maintenance.start, "4h"), var.maintenance.end) <= 0, true)
    error_message = "the window of maintenance must be 4 hours or longer: GKE takes no shorter one."
  }

  validation {
    condition     = can(regex("^FREQ=(DAILY|WEEKLY)(;|$)", var.maintenance.recurrence))
    error_message = "recurrence of maintenance must be FREQ=DAILY or FREQ=WEEKLY;BYDAY=…"
  }

  validation {
    condition     = alltrue([for exclusion in var.maintenance.exclusions : contains(["NO_UPGRADES", "NO_MINOR_UPGRADES", "NO_MINOR_OR_NODE_UPGRADES"], exclusion.scope)])
    error_message = "scope of exclusions in maintenance must be NO_UPGRADES, NO_MINOR_UPGRADES or NO_MINOR_OR_NODE_UPGRADES."
  }
}

variable "notification_topic" {
  description = "Pub/Sub topic that is told of upgrades and security bulletins: projects/…/topics/… Empty tells nobody."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.notification_topic == "" || can(regex("^projects/[^/]+/topics/[^/]+$", var.notification_topic))
    error_message = "notification_topic must be projects/PROJECT/topics/TOPIC."
  }
}
