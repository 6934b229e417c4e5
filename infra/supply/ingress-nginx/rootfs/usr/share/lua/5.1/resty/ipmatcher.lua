-- Only the ignored addresses of global rate limits ask for this module. The template refuses
-- global-rate-limit-memcached-host before; this is the second line of defence. It raises an error,
-- for which nginx answers 500, where a returned one would let requests through without the limit.
return {
  new = function()
    error("this build of ingress-nginx has no resty.ipmatcher: "
      .. "remove global-rate-limit-memcached-host")
  end,
}
