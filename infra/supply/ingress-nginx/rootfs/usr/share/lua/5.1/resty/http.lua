-- Only OCSP stapling asks for this module. The template refuses enable-ocsp before; this is the
-- second line of defence.
return {
  new = function()
    error("this build of ingress-nginx has no resty.http: set enable-ocsp to \"false\"")
  end,
}
