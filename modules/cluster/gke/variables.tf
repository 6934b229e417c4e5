variable "project" {
  description = "Id of the project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter."
  }
}

variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false

  # The nodes' account is NAME-nodes, and accounts have at most 30 characters.
  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,22}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 24 characters that starts with a letter, such as prod."
  }
}

variable "region" {
  description = "Region of the cluster: its control plane and its nodes are in several of its zones."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+[0-9]+$", var.region))
    error_message = "region must be a region, not a zone, such as europe-west1: the control plane of a zone fails with it."
  }
}

variable "zones" {
  description = "Zones of the nodes. Empty lets Google choose three of the region."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}-[a-z]$", zone))])
    error_message = "each of zones must be a zone of the region, such as europe-west1-b."
  }

  validation {
    condition     = length(var.zones) != 1 && length(distinct(var.zones)) == length(var.zones)
    error_message = "zones must be several and different, or none for Google's choice: one zone fails as a whole."
  }
}

variable "network" {
  description = "Ids of network and subnet, and names of the subnet's secondary ranges of pods and Services: the output cluster of network/gcp."
  type = object({
    network        = string
    subnetwork     = string
    pods_range     = string
    services_range = string
  })
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.network) : value != ""])
    error_message = "network, subnetwork, pods_range and services_range of network must all be set."
  }
}

variable "keys" {
  description = "Ids of the customer's keys in Cloud KMS: for Secrets in etcd, and for the nodes' disks. GKE's own service agent must be allowed to use the one, Compute Engine's the other."
  type        = object({ secrets = string, disks = string })
  nullable    = false

  validation {
    condition     = alltrue([for key in values(var.keys) : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", key))])
    error_message = "secrets and disks of keys must be ids of keys: projects/…/locations/…/keyRings/…/cryptoKeys/…"
  }
}

variable "control_plane" {
  description = "How to reach the Kubernetes API: access private (an address inside the network), dns (besides, a name that lets in from anywhere whom IAM allows to connect) or public (an address on the internet, for authorised networks alone). Authorised networks hold for both addresses; other_regions lets clients inside the network come from other regions."
  type = object({
    access              = optional(string, "private")
    authorised_networks = optional(list(object({ cidr = string, name = string })), [])
    other_regions       = optional(bool, false)
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["private", "dns", "public"], var.control_plane.access)
    error_message = "access of control_plane must be private, dns or public."
  }

  validation {
    condition     = alltrue([for network in var.control_plane.authorised_networks : can(cidrhost(network.cidr, 0))])
    error_message = "each cidr of authorised_networks in control_plane must be a CIDR block, such as 203.0.113.0/24."
  }

  # 0.0.0.0/0 can be had in two halves, too.
  validation {
    condition     = alltrue([for network in var.control_plane.authorised_networks : try(tonumber(split("/", network.cidr)[1]) >= 8, true)])
    error_message = "no cidr of authorised_networks in control_plane may be wider than /8: 0.0.0.0/0 would let everybody in."
  }

  validation {
    condition     = var.control_plane.access != "public" || length(var.control_plane.authorised_networks) > 0
    error_message = "access public of control_plane needs authorised_networks."
  }
}

variable "security_group" {
  description = "Google group gke-security-groups@DOMAIN, whose member groups can be named in RBAC. Empty leaves groups out."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.security_group == "" || can(regex("^gke-security-groups@[^@]+$", var.security_group))
    error_message = "security_group must be gke-security-groups@DOMAIN: GKE takes no other name."
  }
}

variable "encrypt_between_nodes" {
  description = "Whether traffic of pods is encrypted between nodes. It costs throughput."
  type        = bool
  nullable    = false
  default     = false
}

variable "binary_authorization" {
  description = "Whether the project's policy of Binary Authorization decides which images may run."
  type        = bool
  nullable    = false
  default     = false
}

variable "dns_cache" {
  description = "Whether a cache on each node answers DNS. Its pods answer in place of kube-dns: NetworkPolicies must allow k8s-app=node-local-dns then, which those of this repository do not."
  type        = bool
  nullable    = false
  default     = false
}

variable "secret_manager" {
  description = "Whether pods can mount secrets of Secret Manager, by the CSI driver."
  type        = bool
  nullable    = false
  default     = true
}

variable "ingress" {
  description = "How users reach the ingress controller: its ports, whether the load balancer is public or only inside the network, and the name of the address that is reserved for it (empty takes a new one)."
  type = object({
    http_port  = optional(number, 80)
    https_port = optional(number, 443)
    public     = optional(bool, true)
    address    = optional(string, "")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for port in [var.ingress.http_port, var.ingress.https_port] : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "http_port and https_port of ingress must be whole numbers from 1 to 65535."
  }

  validation {
    condition     = var.ingress.http_port != var.ingress.https_port
    error_message = "http_port and https_port of ingress must differ."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the cluster."
  type        = bool
  nullable    = false
  default     = true
}

variable "labels" {
  description = "Labels of the cluster and of its nodes."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][-_a-z0-9]{0,62}$", key)) && can(regex("^[-_a-z0-9]{0,63}$", value))])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 each; keys start with a letter."
  }
}
