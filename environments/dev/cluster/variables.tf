variable "name" {
  description = "Name of the cluster and prefix of its containers, volume and network."
  type        = string
  nullable    = false
  default     = "dev"
}

variable "node_image" {
  description = "Image of the nodes. The source supply overrides it in supply.auto.tfvars.json."
  type        = string
  nullable    = false
  default     = "kindest/node:v1.36.1@sha256:3489c7674813ba5d8b1a9977baea8a6e553784dab7b84759d1014dbd78f7ebd5"
}

variable "registry_image" {
  description = "Image of the registry. The source supply overrides it in supply.auto.tfvars.json."
  type        = string
  nullable    = false
  default     = "docker.io/library/registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e"
}

variable "http_port" {
  description = "Port of 127.0.0.1 behind which services answer HTTP."
  type        = number
  nullable    = false
  default     = 80
}

variable "https_port" {
  description = "Port of 127.0.0.1 behind which services answer HTTPS."
  type        = number
  nullable    = false
  default     = 443
}

variable "registry_port" {
  description = "Port of 127.0.0.1 on which the registry listens."
  type        = number
  nullable    = false
  default     = 5001
}

variable "control_planes" {
  description = "Number of control-plane nodes. Several stand behind kind's load balancer, whose image the engine must have or can pull; they do not survive that all of them stop at once."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = contains([1, 3, 5], var.control_planes)
    error_message = "control_planes must be 1, 3 or 5: etcd wants a majority of them."
  }
}

variable "workers" {
  description = "Number of worker nodes beside the control-plane node; with none, the control-plane nodes run everything."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.workers >= 0 && var.workers <= 16 && floor(var.workers) == var.workers
    error_message = "workers must be a whole number from 0 to 16."
  }
}

variable "registry_mirrors" {
  description = "Mirrors of published registries that the nodes can reach, by registry: { \"docker.io\" = [\"https://mirror.example.com/v2/docker.io\"] }. They are asked after the local registry and before the published one."
  type        = map(list(string))
  nullable    = false
  default     = {}
}
