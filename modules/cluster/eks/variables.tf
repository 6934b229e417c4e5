variable "name" {
  description = "Name of the cluster and prefix of its roles."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as prod."
  }
}

variable "region" {
  description = "Region of the cluster, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as eu-central-1."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes. A control plane goes up one minor version at a time, and never back."
  type        = string
  nullable    = false
  default     = "1.34"

  validation {
    condition     = can(regex("^1[.](3[0-9]|[4-9][0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version of at least 1.30, such as 1.34: admission policies need it."
  }
}

variable "subnet_ids" {
  description = "Private subnets of the nodes and of the control plane's network interfaces, in at least two zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must be at least two subnets in different zones."
  }
}

variable "service_cidr" {
  description = "Addresses of Services: a private range of /12 to /24 that no network of the cluster's neighbours uses. It cannot be changed."
  type        = string
  nullable    = false
  default     = "172.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.service_cidr, 0)) && can(regex("^(10[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|192[.]168[.]).*/(1[2-9]|2[0-4])$", var.service_cidr))
    error_message = "service_cidr must be a private range of /12 to /24, such as 172.20.0.0/16."
  }
}

variable "public_cidrs" {
  description = "Addresses outside of the network that may reach the API. Without any, the API has no public endpoint: whoever runs Terraform must be in the network, or reach it by VPN."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_cidrs : can(cidrhost(cidr, 0))])
    error_message = "each of public_cidrs must be a range of addresses, such as 203.0.113.0/24."
  }

  validation {
    condition     = alltrue([for cidr in var.public_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, true)])
    error_message = "public_cidrs must not open the API to everybody: 0.0.0.0/0, and everything wider than /8, is refused."
  }
}

variable "keys" {
  description = "ARNs of KMS keys: of Secrets (envelope encryption in etcd; cannot be changed), of the control plane's logs, and of the nodes' volumes."
  type        = object({ secrets = string, logs = string, volumes = string })
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.keys) : can(regex("^arn:[^:]+:kms:", arn))])
    error_message = "each of keys must be the ARN of a KMS key."
  }
}

variable "logs" {
  description = "What the control plane logs, and for how many days it is kept."
  type = object({
    types          = optional(set(string), ["api", "audit", "authenticator", "controllerManager", "scheduler"])
    retention_days = optional(number, 90)
  })
  nullable = false
  default  = {}

  validation {
    condition     = length(setsubtract(var.logs.types, ["api", "audit", "authenticator", "controllerManager", "scheduler"])) == 0 && contains(var.logs.types, "audit")
    error_message = "logs.types knows api, audit, authenticator, controllerManager and scheduler, and must have audit: who did what cannot be found out afterwards."
  }

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653], var.logs.retention_days)
    error_message = "logs.retention_days must be a period that CloudWatch Logs knows, of at least 30 days: 30, 60, 90, 180, 365 and so on."
  }
}

variable "addon_versions" {
  description = "Versions of addons that are pinned, by name, such as { coredns = \"v1.12.1-eksbuild.2\" }. The others get the one that EKS recommends for the cluster's version when they are made."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.addon_versions), ["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"])) == 0
    error_message = "addon_versions knows aws-ebs-csi-driver, coredns, eks-pod-identity-agent, kube-proxy and vpc-cni."
  }
}

variable "access" {
  description = "Who may do what, by a name of your own: ARN of an IAM role or user, one of EKS's access policies (cluster-admin, admin, edit, view), and the namespaces where it holds (none means everywhere)."
  type = map(object({
    principal_arn = string
    policy        = string
    namespaces    = optional(set(string), [])
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for entry in values(var.access) : can(regex("^arn:[^:]+:iam::[0-9]{12}:(role|user)/", entry.principal_arn))])
    error_message = "access: principal_arn must be the ARN of an IAM role or user."
  }

  validation {
    condition     = alltrue([for entry in values(var.access) : contains(["cluster-admin", "admin", "edit", "view"], entry.policy)])
    error_message = "access: policy must be cluster-admin, admin, edit or view."
  }

  validation {
    condition     = alltrue([for entry in values(var.access) : entry.policy != "cluster-admin" || length(entry.namespaces) == 0])
    error_message = "access: cluster-admin holds everywhere; leave namespaces out, or take admin."
  }

  validation {
    condition     = length(distinct(values(var.access)[*].principal_arn)) == length(var.access)
    error_message = "access: a principal can have one entry only."
  }
}

variable "creator_is_administrator" {
  description = "Whether the identity that creates the cluster becomes its administrator. It cannot be changed. Without it, access must name a cluster-admin, or nobody could enter."
  type        = bool
  nullable    = false
  default     = true

  validation {
    condition     = var.creator_is_administrator || contains(values(var.access)[*].policy, "cluster-admin")
    error_message = "creator_is_administrator may be false only when access names a cluster-admin."
  }
}

variable "pod_identities" {
  description = "What pods may do in the account (EKS Pod Identity), by NAMESPACE/SERVICE-ACCOUNT: the ARN of the IAM role that they take. Its trust policy must allow pods.eks.amazonaws.com."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for account in keys(var.pod_identities) : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", account))])
    error_message = "pod_identities: each key must be NAMESPACE/SERVICE-ACCOUNT, such as apps/catalog."
  }

  validation {
    condition     = alltrue([for arn in values(var.pod_identities) : can(regex("^arn:[^:]+:iam::[0-9]{12}:role/", arn))])
    error_message = "pod_identities: each value must be the ARN of an IAM role."
  }
}

variable "ingress" {
  description = "How users reach the ingress controller: its ports, and whether the load balancer is public or only inside the network."
  type = object({
    http_port  = optional(number, 80)
    https_port = optional(number, 443)
    public     = optional(bool, true)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for port in [var.ingress.http_port, var.ingress.https_port] : port >= 1 && port <= 65535 && floor(port) == port]) && var.ingress.http_port != var.ingress.https_port
    error_message = "ingress must name two different ports from 1 to 65535."
  }
}

variable "deletion_protection" {
  description = "Whether every plan that deletes or replaces the cluster is refused."
  type        = bool
  nullable    = false
  default     = true
}

variable "tags" {
  description = "Tags of everything that takes tags."
  type        = map(string)
  nullable    = false
  default     = {}
}
