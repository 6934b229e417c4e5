# HTTP answers too, and no browser is told to remember HTTPS for localhost: the
# certificate's authority is this machine's own.
https = { redirect = false, hsts = false }
