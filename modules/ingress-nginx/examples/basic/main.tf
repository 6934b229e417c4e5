# A controller on the published node of a local cluster: HTTP stays open and no
# browser is told to remember HTTPS.
module "ingress" {
  source = "../.."

  image       = "registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1"
  certificate = var.certificate
  https       = { redirect = false, hsts = false }
}

variable "certificate" {
  description = "Paths of a PEM certificate and its key."
  type        = object({ certificate_file = string, key_file = string })
  nullable    = false
}

output "class" {
  description = "IngressClass to name in Ingresses."
  value       = module.ingress.class
}
