variable "service" {
  description = "The service as its service.yaml describes it. Quantities are Kubernetes' (25m, 32Mi); names in calls are services; needs knows database and messaging; secrets are random values of a length, or provided: then people have them from elsewhere."
  type = object({
    name        = string
    description = optional(string, "")
    port        = number
    routes      = optional(list(object({ host = string, path = string })), [])
    replicas    = optional(number, 1)
    autoscaling = optional(object({ min = number, max = number, cpu_percent = optional(number, 70) }))
    resources = optional(object({
      requests = optional(object({ cpu = optional(string, "25m"), memory = optional(string, "32Mi") }), {})
      limits   = optional(object({ cpu = optional(string), memory = optional(string, "128Mi") }), {})
    }), {})
    config  = optional(map(string), {})
    secrets = optional(list(object({ name = string, env = string, length = optional(number), provided = optional(bool, false) })), [])
    needs   = optional(list(string), [])
    calls   = optional(list(string), [])
    rollout = optional(object({
      max_surge                 = optional(string, "1")
      max_unavailable           = optional(string, "0")
      progress_deadline_seconds = optional(number, 120)
    }), {})
    objectives = optional(object({ availability_percent = optional(number), latency_p99_milliseconds = optional(number) }))
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.service.name))
    error_message = "service.name must be a DNS label of at most 40 characters that starts with a letter."
  }

  validation {
    condition     = var.service.port >= 1024 && var.service.port <= 65535 && floor(var.service.port) == var.service.port
    error_message = "service.port must be a whole number from 1024 to 65535: the container's user cannot bind lower ports."
  }

  validation {
    condition     = alltrue([for route in var.service.routes : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", route.host))])
    error_message = "each host in service.routes must be a lower-case DNS name, such as shop.localhost."
  }

  validation {
    condition     = alltrue([for route in var.service.routes : can(regex("^/[-._~/A-Za-z0-9]*$", route.path))])
    error_message = "each path in service.routes must start with / and hold letters, digits, dashes, dots, underscores, tildes and slashes only."
  }

  validation {
    condition     = length(distinct(var.service.routes)) == length(var.service.routes)
    error_message = "service.routes must not name the same host and path twice."
  }

  validation {
    condition     = var.service.replicas >= 1 && floor(var.service.replicas) == var.service.replicas
    error_message = "service.replicas must be a whole number of at least 1."
  }

  validation {
    condition     = var.service.autoscaling == null ? true : var.service.autoscaling.min >= 1 && var.service.autoscaling.max >= var.service.autoscaling.min && alltrue([for number in values(var.service.autoscaling) : floor(number) == number])
    error_message = "service.autoscaling needs whole numbers, and 1 <= min <= max."
  }

  validation {
    condition     = var.service.autoscaling == null ? true : var.service.autoscaling.cpu_percent >= 1 && var.service.autoscaling.cpu_percent <= 100
    error_message = "service.autoscaling.cpu_percent must be from 1 to 100, of the requested cpu."
  }

  validation {
    condition     = alltrue([for amount in [var.service.resources.requests.cpu, var.service.resources.limits.cpu] : amount == null ? true : can(regex("^([0-9]+m|[0-9]+([.][0-9]{1,3})?)$", amount))])
    error_message = "service.resources: cpu must be in cores or thousandths of one, such as 0.5 or 25m."
  }

  validation {
    condition     = alltrue([for amount in [var.service.resources.requests.memory, var.service.resources.limits.memory] : amount == null ? true : can(regex("^[1-9][0-9]*(Ki|Mi|Gi)$", amount))])
    error_message = "service.resources: memory must be a whole number of Ki, Mi or Gi, such as 32Mi."
  }

  validation {
    condition     = alltrue([for name in concat(keys(var.service.config), var.service.secrets[*].env) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "names of environment variables in service.config and service.secrets must be upper-case letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for secret in var.service.secrets : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", secret.name))])
    error_message = "each name in service.secrets must be a DNS label of at most 40 characters that starts with a letter."
  }

  validation {
    condition     = length(setintersection(var.service.secrets[*].name, ["database", "messaging"])) == 0
    error_message = "service.secrets must not use the names database and messaging: those Secrets hold passwords of the platform."
  }

  validation {
    condition     = length(distinct(var.service.secrets[*].name)) == length(var.service.secrets) && length(distinct(var.service.secrets[*].env)) == length(var.service.secrets)
    error_message = "service.secrets must not use a name or an env twice."
  }

  validation {
    condition     = alltrue([for secret in var.service.secrets : !secret.provided || secret.length == null])
    error_message = "service.secrets: a secret that is provided has no length; remove one of the two."
  }

  validation {
    condition     = length(setsubtract(var.service.needs, ["database", "messaging"])) == 0
    error_message = "service.needs knows database and messaging."
  }

  validation {
    condition     = !contains(var.service.calls, var.service.name)
    error_message = "service.calls must not name the service itself."
  }

  validation {
    condition     = alltrue([for amount in [var.service.rollout.max_surge, var.service.rollout.max_unavailable] : can(regex("^[0-9]+%?$", amount))])
    error_message = "service.rollout: max_surge and max_unavailable must be whole numbers or percentages, such as 1 or 25%."
  }

  validation {
    condition     = !(can(regex("^0+%?$", var.service.rollout.max_surge)) && can(regex("^0+%?$", var.service.rollout.max_unavailable)))
    error_message = "service.rollout: max_surge and max_unavailable must not both be 0, or no rollout can move."
  }

  validation {
    condition     = var.service.rollout.progress_deadline_seconds >= 10 && floor(var.service.rollout.progress_deadline_seconds) == var.service.rollout.progress_deadline_seconds
    error_message = "service.rollout.progress_deadline_seconds must be a whole number of at least 10 seconds."
  }
}
