# Every services/NAME/service.yaml is a service of this environment: a new one
# needs no edit here.
locals {
  described = {
    for file in fileset("${path.root}/${var.services_folder}", "*/service.yaml") :
    dirname(file) => yamldecode(file("${path.root}/${var.services_folder}/${file}"))
  }

  # Those that can run; what is missing for the others stops the plan (see
  # cluster.tf), so none is silently left out.
  services = {
    for name, service in local.described : name => service
    if contains(keys(var.release.services), name) && length(setsubtract(try(service.needs, []), local.offers)) == 0
  }

  # What a service can need.
  offers = ["database", "messaging"]

  ports             = { for name, service in local.described : name => service.port }
  database_clients  = toset([for name, service in local.services : name if contains(try(service.needs, []), "database")])
  messaging_clients = toset([for name, service in local.services : name if contains(try(service.needs, []), "messaging")])
  callers = {
    for callee in keys(local.described) :
    callee => [for caller, service in local.described : caller if contains(try(service.calls, []), callee)]
  }

  misnamed   = [for name, service in local.described : name if try(service.name, "") != name]
  unreleased = setsubtract(keys(local.described), keys(var.release.services))
  unknown_calls = distinct(flatten([
    for name, service in local.described : [
      for callee in try(service.calls, []) : "${name} calls ${callee}" if !contains(keys(local.described), callee)
    ]
  ]))
  unmet_needs = distinct(flatten([
    for name, service in local.described : [
      for need in try(service.needs, []) : "${name} needs ${need}" if !contains(local.offers, need)
    ]
  ]))

  # Nobody publishes the image of the events' servers: it is built on this machine, or
  # lies in a registry of one's own.
  messaging_image = lookup(local.images, "nats", null)
  # EKS has no default StorageClass.
  messaging_homeless = local.cluster.flavour == "eks" && var.messaging.storage.class == null

  unknown_overrides = setsubtract(keys(var.services), keys(local.described))
}
