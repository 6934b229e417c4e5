# HTTPS is published on a port that a redirect could not know, and its authority
# is this machine's own.
https = { redirect = false, hsts = false }

# A worker may be lost at any time.
minimum_replicas = 2
