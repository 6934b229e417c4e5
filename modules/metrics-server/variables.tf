variable "image" {
  description = "metrics-server image, pinned by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image must be pinned by its digest: name@sha256:<64 hexadecimal digits>."
  }
}

variable "replicas" {
  description = "Number of pods."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.replicas >= 1 && floor(var.replicas) == var.replicas
    error_message = "replicas must be a whole number of at least 1."
  }
}

variable "resolution_seconds" {
  description = "Seconds between two rounds of measurement."
  type        = number
  nullable    = false
  default     = 15

  validation {
    condition     = var.resolution_seconds >= 10 && floor(var.resolution_seconds) == var.resolution_seconds
    error_message = "resolution_seconds must be a whole number of at least 10: kubelets measure no faster."
  }
}

variable "verify_kubelet_certificates" {
  description = "Whether kubelets must show a certificate of the cluster's authority. kubeadm and kind leave kubelets with self-signed ones."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the objects, beside app.kubernetes.io/name and managed-by."
  type        = map(string)
  nullable    = false
  default     = {}
}
