variable "name" {
  description = "Name of the network and prefix of what belongs to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "account_id" {
  description = "The account of the network: 12 digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of the account."
  }
}

variable "region" {
  description = "Region of the network, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "zones" {
  description = "Availability zones, in an order that stays: a zone's subnets follow from its place. They are given and not asked for, so that a plan needs no account and never changes by itself."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 4 && length(distinct(var.zones)) == length(var.zones)
    error_message = "zones must be two to four different zones; three survive the loss of one with a majority."
  }

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.region}[a-z]$", zone))])
    error_message = "each of zones must be a zone of the region, such as eu-central-1a."
  }
}

variable "cidr" {
  description = "Addresses of the network, a private range of /16 to /20. Each zone gets a sixteenth of it for nodes and pods, and two 256ths for load balancers and for databases."
  type        = string
  nullable    = false
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && can(regex("/(1[6-9]|20)$", var.cidr))
    error_message = "cidr must be an IPv4 range of /16 to /20, such as 10.0.0.0/16."
  }

  validation {
    condition     = can(regex("^(10[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|192[.]168[.])", var.cidr))
    error_message = "cidr must be private: within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}

variable "nat" {
  description = "NAT gateways, through which private subnets reach the internet: zone (one in each zone; the loss of a zone takes only its own), single (one for all, a third of the cost), none."
  type        = string
  nullable    = false
  default     = "zone"

  validation {
    condition     = contains(["zone", "single", "none"], var.nat)
    error_message = "nat must be zone, single or none."
  }
}

variable "cluster_name" {
  description = "Kubernetes cluster whose load balancers go into these subnets. Empty tags none."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.cluster_name == "" || can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.cluster_name))
    error_message = "cluster_name must be a DNS label of at most 40 characters, or empty."
  }
}

variable "flow_logs" {
  description = "Who talked to whom: ALL, ACCEPT or REJECT traffic, kept for so many days in CloudWatch Logs, encrypted with the key."
  type = object({
    key_arn        = string
    retention_days = optional(number, 90)
    traffic        = optional(string, "ALL")
  })
  nullable = false

  validation {
    condition     = can(regex("^arn:[^:]+:kms:", var.flow_logs.key_arn))
    error_message = "flow_logs.key_arn must be the ARN of a KMS key that CloudWatch Logs may use."
  }

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653], var.flow_logs.retention_days)
    error_message = "flow_logs.retention_days must be a period that CloudWatch Logs knows, of at least 30 days: 30, 60, 90, 180, 365 and so on."
  }

  validation {
    condition     = contains(["ALL", "ACCEPT", "REJECT"], var.flow_logs.traffic)
    error_message = "flow_logs.traffic must be ALL, ACCEPT or REJECT."
  }
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
