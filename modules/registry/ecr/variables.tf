variable "name" {
  description = "First part of the repositories' names: services are NAME/SERVICE. Short, because AWS allows 30 characters for the name of a cache with its registry."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,12}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 14 characters that starts with a letter, such as prod."
  }
}

variable "account_id" {
  description = "The account of the registry: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of the account."
  }
}

variable "region" {
  description = "Region of the registry, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "key_arn" {
  description = "ARN of the KMS key that encrypts the images. It cannot be changed for a repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.key_arn))
    error_message = "key_arn must be the ARN of a KMS key."
  }
}

variable "repositories" {
  description = "Names of the services, each of which gets a repository."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", name))])
    error_message = "each of repositories must be a DNS label of at most 40 characters that starts with a letter."
  }
}

variable "kept_images" {
  description = "How many images of a service are kept, the newest: as far as a rollback reaches."
  type        = number
  nullable    = false
  default     = 100

  validation {
    condition     = var.kept_images >= 20 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be a whole number of at least 20: as many releases as the tool can go back to."
  }
}

variable "caches" {
  description = "Registries whose images come through this one (pull-through cache), by the host in image references, such as registry.k8s.io: where they are really fetched from, under which prefix there, and the repositories that nodes may fetch. Only registries that ask for no login."
  type = map(object({
    upstream     = string
    prefix       = optional(string)
    repositories = set(string)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for host in keys(var.caches) : can(regex("^[a-z0-9]+([.-][a-z0-9]+)+$", host)) && length("${var.name}/${host}") <= 30])
    error_message = "caches: each key must be the host of a registry, such as registry.k8s.io, and NAME/HOST at most 30 characters."
  }

  validation {
    condition     = alltrue([for cache in values(var.caches) : contains(["public.ecr.aws", "quay.io", "registry.k8s.io"], cache.upstream)])
    error_message = "caches: upstream must be public.ecr.aws, quay.io or registry.k8s.io; the others that ECR knows ask for a login."
  }

  validation {
    condition     = alltrue([for cache in values(var.caches) : length(cache.repositories) > 0 && alltrue([for name in cache.repositories : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", name))])])
    error_message = "caches: repositories must be names of repositories, such as ingress-nginx/controller."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
