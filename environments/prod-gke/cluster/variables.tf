variable "project" {
  description = "The project that everything is in: its id and its number. It must exist and have a billing account."
  type        = object({ id = string, number = string })
  default     = null

  validation {
    condition     = var.offline || var.project != null
    error_message = "project must be set: { id = \"…\", number = \"…\" } in local.auto.tfvars, or offline = true for a plan without an account."
  }
}

variable "offline" {
  description = "Whether to plan without an account and without a network, as if nothing were there. Nothing can be applied so."
  type        = bool
  nullable    = false
  default     = false
}

variable "name" {
  description = "Name of the environment, of its cluster, network, registry and database."
  type        = string
  nullable    = false
  default     = "prod-gke"
}

variable "region" {
  description = "Region of everything."
  type        = string
  nullable    = false
  default     = "europe-west1"
}

variable "ranges" {
  description = "Address ranges of nodes, pods, Services and managed services, where they must not be the usual ones."
  type = object({
    nodes            = optional(string, "10.0.0.0/20")
    pods             = optional(string, "10.4.0.0/14")
    services         = optional(string, "10.1.0.0/20")
    private_services = optional(string, "10.2.0.0/16")
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.database == null || var.ranges.private_services != ""
    error_message = "private_services of ranges must be set: the managed database gets its address from it."
  }
}

variable "control_plane" {
  description = "How to reach the Kubernetes API: access private, dns or public, and the networks that may."
  type = object({
    access              = optional(string, "private")
    authorised_networks = optional(list(object({ cidr = string, name = string })), [])
    other_regions       = optional(bool, false)
  })
  nullable = false
  default  = {}
}

variable "node_pools" {
  description = "Node pools by name."
  type = map(object({
    machine_type = optional(string, "e2-standard-4")
    nodes        = optional(object({ min = optional(number, 3), max = optional(number, 9) }), {})
    spot         = optional(bool, false)
    labels       = optional(map(string), {})
    taints       = optional(list(object({ key = string, value = optional(string, ""), effect = string })), [])
  }))
  nullable = false
  default  = { general = {} }
}

variable "mirrored" {
  description = "Registries of others whose images are fetched through the environment's own."
  type        = set(string)
  nullable    = false
  default     = ["docker.io", "registry.k8s.io"]
}

variable "image_writers" {
  description = "Who may push images, as IAM names them, by a name of your choice."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "database" {
  description = "The managed PostgreSQL: tier, edition and availability of its machine, the revision of the administrator's password, and who may read the password, as IAM names them, by a name of your choice. Null runs one in the cluster instead."
  type = object({
    tier              = optional(string, "db-custom-2-8192")
    edition           = optional(string, "ENTERPRISE")
    availability      = optional(string, "REGIONAL")
    password_revision = optional(number, 1)
    password_readers  = optional(map(string), {})
  })
  nullable = true
  default  = {}
}

variable "secret_readers" {
  description = "Who may read the secrets of the services, as IAM names them, by a name of your choice: whoever plans and applies the workloads."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "secret_writers" {
  description = "Who may set the secrets of the services, as IAM names them, by a name of your choice."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "services_folder" {
  description = "Folder of the services' descriptions, relative to this root: each service gets its secrets."
  type        = string
  nullable    = false
  default     = "../../../services"
}

variable "deletion_protection" {
  description = "Whether cluster, database, images, secrets and keys cannot be destroyed."
  type        = bool
  nullable    = false
  default     = true
}
