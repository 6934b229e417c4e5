output "services" {
  description = "The services by name: their URLs, where they run, and what."
  value = {
    for name, service in module.service : name => {
      urls      = service.urls
      namespace = service.namespace
      workload  = "deployment"
      replicas  = service.replicas
      version   = service.version
      image     = service.image
    }
  }
}

output "workloads" {
  description = "Everything that is awaited: kind, namespace, name, the part that it belongs to, and how far (await: started; else ready)."
  value = concat(
    module.ingress.workloads,
    flatten(module.metrics_server[*].workloads),
    flatten(module.database[*].workloads),
    flatten(module.messaging[*].workloads),
    flatten([for service in module.service : service.workloads]),
  )
}

output "admission_policies" {
  description = "Admission policies that are made here and have to be bound: on this machine the cluster root does it, in a cloud the tool."
  value       = [module.ingress.admission_policy]
}
