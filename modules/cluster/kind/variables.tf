variable "name" {
  description = "Name of the cluster; its nodes are the containers NAME-control-plane, NAME-worker and so on."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$", var.name))
    error_message = "name must be a DNS label of at most 40 characters that starts with a letter, such as dev."
  }
}

variable "node_image" {
  description = "Image of the nodes, with its digest or under a name whose tag is a content hash."
  type        = string
  nullable    = false

  validation {
    condition     = var.node_image != "" && !endswith(var.node_image, ":latest")
    error_message = "node_image must name one fixed image, not latest: the cluster is made anew when the image changes."
  }
}

variable "network" {
  description = "Docker network of the nodes and the registry. The kind provider makes and removes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][-_.a-zA-Z0-9]{0,62}$", var.network))
    error_message = "network must be at most 63 letters, digits, dashes, dots and underscores, such as kindling-dev."
  }
}

variable "nodes" {
  description = "The nodes, in order: role control-plane or worker, labels, taints in place of the role's own, and folders of the host to mount."
  type = list(object({
    role         = string
    labels       = optional(map(string), {})
    taints       = optional(list(object({ key = string, value = optional(string, ""), effect = string })), [])
    extra_mounts = optional(list(object({ host_path = string, container_path = string, read_only = optional(bool, true) })), [])
  }))
  nullable = false
  default  = [{ role = "control-plane" }]

  validation {
    condition     = alltrue([for node in var.nodes : contains(["control-plane", "worker"], node.role)])
    error_message = "each role in nodes must be control-plane or worker."
  }

  validation {
    condition     = contains(var.nodes[*].role, "control-plane")
    error_message = "nodes must have at least one control-plane."
  }

  validation {
    condition     = alltrue(flatten([for node in var.nodes : [for taint in node.taints : contains(["NoSchedule", "PreferNoSchedule", "NoExecute"], taint.effect)]]))
    error_message = "each effect of a taint in nodes must be NoSchedule, PreferNoSchedule or NoExecute."
  }

  validation {
    condition     = alltrue(flatten([for node in var.nodes : [for mount in node.extra_mounts : startswith(mount.host_path, "/") && startswith(mount.container_path, "/")]]))
    error_message = "host_path and container_path of extra_mounts in nodes must be absolute paths."
  }
}

variable "ingress" {
  description = "Ports of this host behind which the ingress controller answers, and the address on which they listen."
  type = object({
    http_port      = optional(number, 80)
    https_port     = optional(number, 443)
    listen_address = optional(string, "127.0.0.1")
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

  validation {
    condition     = can(cidrhost("${var.ingress.listen_address}/32", 0))
    error_message = "listen_address of ingress must be an IPv4 address, such as 127.0.0.1."
  }
}

variable "networking" {
  description = "Address ranges of pods and Services, and the port of this host on which the API server listens (0 takes a free one)."
  type = object({
    pod_subnet      = optional(string, "10.244.0.0/16")
    service_subnet  = optional(string, "10.96.0.0/16")
    api_server_port = optional(number, 0)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(cidrhost(var.networking.pod_subnet, 0)) && can(cidrhost(var.networking.service_subnet, 0))
    error_message = "pod_subnet and service_subnet of networking must be CIDR blocks, such as 10.244.0.0/16."
  }

  validation {
    condition     = var.networking.api_server_port >= 0 && var.networking.api_server_port <= 65535 && floor(var.networking.api_server_port) == var.networking.api_server_port
    error_message = "api_server_port of networking must be a whole number from 0 to 65535."
  }
}

variable "registry_mirrors" {
  description = "For each registry host, as image references name it, the base URLs that the nodes ask instead. Changed in place."
  type        = map(list(string))
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue(flatten([for urls in values(var.registry_mirrors) : [for url in urls : can(regex("^https?://[^/]+", url))]]))
    error_message = "each URL in registry_mirrors must start with http:// or https:// and name a host."
  }
}

variable "encrypt_secrets" {
  description = "Whether Secrets are encrypted in etcd, with a key that is made in the control-plane node and leaves it never."
  type        = bool
  nullable    = false
  default     = true
}

variable "audit" {
  description = "Whether the API server writes an audit log, to /var/log/kubernetes/audit.log in the control-plane nodes."
  type        = bool
  nullable    = false
  default     = true
}

variable "admission_policies" {
  description = "Names of the ValidatingAdmissionPolicies that hold in the whole cluster. They may be made later; a name without a policy is without effect."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for policy in var.admission_policies : can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", policy))])
    error_message = "each of admission_policies must be a lower-case DNS name."
  }
}

variable "kubeadm_config_patches" {
  description = "YAML merge patches for kubeadm's configuration."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "containerd_config_patches" {
  description = "TOML merge patches for containerd's configuration."
  type        = list(string)
  nullable    = false
  default     = []
}

variable "wait_at_creation" {
  description = "Whether the creation waits for the nodes, too, and not only a start. Whoever waits for what runs in the cluster need not wait for its nodes first."
  type        = bool
  nullable    = false
  default     = true
}

variable "wait" {
  description = "How long all nodes may take to become ready, such as 120s; 0s does not wait."
  type        = string
  nullable    = false
  default     = "120s"

  validation {
    condition     = can(regex("^([0-9]+(s|m|h))+$", var.wait))
    error_message = "wait must be a duration such as 90s or 2m."
  }
}
