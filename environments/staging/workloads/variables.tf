variable "environment" {
  description = "Name of the environment. Empty takes the name of the folder above this one."
  type        = string
  nullable    = false
  default     = ""
}

variable "cluster_state" {
  description = "Where the cluster root keeps its state: the backend and its configuration, as kindling state init writes them. Without a configuration it is the file beside this root."
  type = object({
    backend = optional(string, "local")
    config  = optional(any)
  })
  nullable = false
  default  = {}
}

variable "images" {
  description = "Third-party images by part, pinned by digest: ingress-nginx-controller, metrics-server, postgres, nats. Parts that are left out are the published ones; of nats there is none."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.images), ["ingress-nginx-controller", "metrics-server", "nats", "postgres"])) == 0
    error_message = "images knows ingress-nginx-controller, metrics-server, nats and postgres."
  }
}

variable "release" {
  description = "What runs: image with digest and version of each service. The tool writes it to release.auto.tfvars.json."
  type = object({
    services = optional(map(object({ image = string, version = string })), {})
  })
  nullable = false
  default  = {}
}

variable "services" {
  description = "What this environment sets differently, by service: replicas, autoscaling, resources, host."
  type = map(object({
    replicas    = optional(number)
    autoscaling = optional(object({ min = number, max = number, cpu_percent = optional(number, 70) }))
    resources = optional(object({
      requests = optional(object({ cpu = optional(string), memory = optional(string) }), {})
      limits   = optional(object({ cpu = optional(string), memory = optional(string) }), {})
    }), {})
    host = optional(string)
  }))
  nullable = false
  default  = {}
}

variable "services_folder" {
  description = "Folder of the services' descriptions, relative to this root."
  type        = string
  nullable    = false
  default     = "../../../services"
}

variable "minimum_replicas" {
  description = "Least number of pods of any service."
  type        = number
  nullable    = false
  default     = 1
}

variable "messaging" {
  description = "The servers that keep events, where a service needs messaging: how many (1, or 3 on nodes of their own), the volume of each, and how long events are kept. See modules/messaging."
  type = object({
    servers = optional(number, 1)
    storage = optional(object({ size = optional(string), class = optional(string) }), {})
    stream  = optional(object({ max_age_hours = optional(number), max_bytes = optional(number) }), {})
  })
  nullable = false
  default  = {}
}

variable "dropped_databases" {
  description = "Services that are gone and whose databases are dropped, with all data: the tool names one while kindling remove service does it."
  type        = set(string)
  nullable    = false
  default     = []
}

variable "database_admin_password" {
  description = "Password of the managed database's administrator, where the cluster root has one. The tool asks for it with the command that the output database of the cluster root names. It is in no state and no plan."
  type        = string
  nullable    = true
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "secret_values" {
  description = "Values of the services' secrets that come from outside, by ENVIRONMENT/SERVICE/NAME. In a cloud the tool asks for them with the commands that the output secrets of the cluster root names; without a cloud they are read from secrets_folder. They are in no state and no plan."
  type        = map(string)
  nullable    = false
  default     = {}
  sensitive   = true
  ephemeral   = true
}

variable "secret_revisions" {
  description = "Revisions of secret_values, by ENVIRONMENT/SERVICE/NAME: another revision sends the value and restarts the service's pods."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "secrets_folder" {
  description = "Folder of SERVICE/NAME.json with value and revision of each secret that people provide, relative to this root. It is not read in a cloud."
  type        = string
  nullable    = false
  default     = "../.secrets"
}

variable "ingress_sync_rate" {
  description = "How often a second the ingress controller may follow changes of the cluster. See modules/ingress-nginx; the source supply sets it."
  type        = number
  nullable    = false
  default     = 0.3
}

variable "ingress_source_ranges" {
  description = "Addresses that may connect to the load balancer of the ingress controller, where there is one. Without any, everybody may."
  type        = set(string)
  nullable    = false
  default     = []
}

variable "tls" {
  description = "Paths of the certificate and its key that answer HTTPS. Without them, .tls/tls.crt and .tls/tls.key in the environment's folder."
  type = object({
    certificate_file = optional(string, "")
    key_file         = optional(string, "")
  })
  nullable = false
  default  = {}
}

variable "https" {
  description = "Whether HTTP is redirected to HTTPS, and whether browsers are told to remember HTTPS (HSTS)."
  type = object({
    redirect = optional(bool, true)
    hsts     = optional(bool, true)
  })
  nullable = false
  default  = {}
}
