variable "name" {
  description = "Name of the namespace."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 63 characters, such as apps."
  }

  validation {
    condition     = !startswith(var.name, "kube-") && var.name != "default"
    error_message = "name must not be default or start with kube-: those belong to Kubernetes."
  }
}

variable "pod_security" {
  description = "Pod Security level that is enforced in the namespace; audit and warnings are always restricted."
  type        = string
  nullable    = false
  default     = "restricted"

  validation {
    condition     = contains(["restricted", "baseline", "privileged"], var.pod_security)
    error_message = "pod_security must be restricted, baseline or privileged."
  }
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
