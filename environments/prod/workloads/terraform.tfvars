# One pod of each service in each zone.
minimum_replicas = 3

# Where a service needs messaging: three servers, on nodes of their own, that each keep
# every event.
messaging = { servers = 3 }

# Users reach services under names of the organisation, with its certificate:
#
# services = {
#   catalog   = { host = "shop.example.org" }
#   inventory = { host = "shop.example.org" }
# }
# tls = { certificate_file = "…", key_file = "…" }
