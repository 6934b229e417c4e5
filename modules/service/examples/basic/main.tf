# A service with two pods behind https://shop.localhost/api/products.
module "service" {
  source = "../.."

  service = {
    name   = "catalog"
    port   = 8080
    routes = [{ host = "shop.localhost", path = "/api/products" }]

    replicas = 2
    config   = { LOG_LEVEL = "info" }
  }
  release = {
    image   = "localhost:5001/catalog@sha256:0000000000000000000000000000000000000000000000000000000000000001"
    version = "v0.1.0"
  }
  namespace   = "default"
  environment = "dev"
  ingress = {
    class     = "nginx"
    namespace = "ingress-nginx"
    selector  = { "app.kubernetes.io/name" = "ingress-nginx" }
  }
}

output "urls" {
  description = "Addresses of the service."
  value       = module.service.urls
}
