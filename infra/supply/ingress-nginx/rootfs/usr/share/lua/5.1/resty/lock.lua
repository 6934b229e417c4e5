-- resty.lock: a lock between nginx workers over a shared dictionary, with the interface that
-- ingress-nginx uses of lua-resty-lock, which Debian does not package.
--
--   local lock, err = resty_lock:new("dict", { timeout = 0, exptime = 0.1 })
--   local elapsed, err = lock:lock("key")    -- nil, "timeout" when another holder keeps it
--   local ok, err = lock:unlock()
--
-- Times are seconds. A lock that is not released ends by itself after exptime.

local ngx = ngx
local setmetatable = setmetatable
local min = math.min

local FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.001, 0.5, 2

local _M = {}
_M.__index = _M

function _M.new(_, dict_name, options)
  local dict = ngx.shared[dict_name]
  if not dict then
    return nil, "dictionary not found"
  end
  options = options or {}
  return setmetatable({
    dict = dict,
    timeout = options.timeout or 5,
    exptime = options.exptime or 30,
  }, _M)
end

-- lock takes the lock and returns the seconds that it waited. With timeout 0 it never yields, so
-- that it can be called in phases where nginx may not (log, balancer).
function _M.lock(self, key)
  if self.key then
    return nil, "locked"
  end
  local elapsed, wait = 0, FIRST_WAIT
  while true do
    local ok, err = self.dict:add(key, true, self.exptime)
    if ok then
      self.key = key
      return elapsed
    end
    if err ~= "exists" then
      return nil, err
    end
    local left = self.timeout - elapsed
    if left <= 0 then
      return nil, "timeout"
    end
    wait = min(wait, left)
    ngx.sleep(wait)
    elapsed = elapsed + wait
    wait = min(wait * GROWTH, LONGEST_WAIT)
  end
end

function _M.unlock(self)
  local key = self.key
  if not key then
    return nil, "unlocked"
  end
  self.key = nil
  local ok, err = self.dict:delete(key)
  if not ok then
    return nil, err
  end
  return 1
end

return _M
