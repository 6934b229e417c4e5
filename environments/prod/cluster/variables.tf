variable "account_id" {
  description = "The AWS account of the environment: 12 digits. Another account's credentials are refused."
  type        = string
  nullable    = false
  default     = "000000000000"

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of the account."
  }

  validation {
    condition     = var.offline || var.account_id != "000000000000"
    error_message = "account_id is not set: write it into environments/prod/cluster/terraform.tfvars, or plan with offline = true."
  }
}

variable "offline" {
  description = "Plan without account and network: the provider verifies nothing, and its credentials are those of nobody. Such a plan cannot be applied."
  type        = bool
  nullable    = false
  default     = false
}

variable "name" {
  description = "Name of the cluster and prefix of everything of the environment: at most 14 characters."
  type        = string
  nullable    = false
  default     = "prod"
}

variable "region" {
  description = "Region of everything."
  type        = string
  nullable    = false
  default     = "eu-central-1"
}

variable "zones" {
  description = "Availability zones of the region, in an order that stays."
  type        = list(string)
  nullable    = false
  default     = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  nullable    = false
  default     = "1.34"
}

variable "public_cidrs" {
  description = "Addresses outside of the network that may reach the cluster's API. Without any, make up works from inside of the network only."
  type        = set(string)
  nullable    = false
  default     = []
}

variable "access" {
  description = "Who may enter the cluster beside its creator: ARN of an IAM role, access policy (cluster-admin, admin, edit, view) and namespaces."
  type = map(object({
    principal_arn = string
    policy        = string
    namespaces    = optional(set(string), [])
  }))
  nullable = false
  default  = {}
}

variable "nodes" {
  description = "Instance types of the nodes, and the least and greatest number of them."
  type = object({
    instance_types = optional(list(string), ["m7i.large"])
    min            = optional(number, 3)
    max            = optional(number, 9)
  })
  nullable = false
  default  = {}
}

variable "database" {
  description = "The managed PostgreSQL: size of the server, and the revision of the administrator's password. Null runs one in the cluster instead, which needs a default StorageClass; EKS makes none."
  type = object({
    instance_class    = optional(string, "db.m7g.large")
    password_revision = optional(number, 1)
  })
  nullable = true
  default  = {}
}

variable "database_ca_file" {
  description = "File (PEM) of the authorities of RDS in the region, relative to this root, which AWS publishes. Without it, connections to the database are encrypted, and the server is not verified."
  type        = string
  nullable    = true
  default     = null

  validation {
    condition = var.database_ca_file == null ? true : (
      can(regex("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----", file("${path.root}/${var.database_ca_file}")))
      && !can(regex("PRIVATE KEY", file("${path.root}/${var.database_ca_file}")))
    )
    error_message = "database_ca_file must be a file below environments/prod/cluster, such as eu-central-1-bundle.pem, with certificates in PEM form and no private key."
  }
}

variable "deletion_protection" {
  description = "Whether cluster and database refuse to be deleted."
  type        = bool
  nullable    = false
  default     = true
}

variable "services_folder" {
  description = "Folder of the services' descriptions, relative to this root: each service gets an image repository and its secrets."
  type        = string
  nullable    = false
  default     = "../../../services"
}
