-- resty.chash: consistent hashing with the interface that ingress-nginx uses of lua-resty-chash,
-- which Debian does not package. When a node comes or goes, only the keys of that node move.
--
--   local chash = resty_chash:new({ ["10.0.0.1:80"] = 1, ["10.0.0.2:80"] = 2 })   -- node = weight
--   local node = chash:find("key")
--   chash:reinit(nodes)
--
-- Nodes must not be changed between reinits: the balancer compares them with new ones.

local ngx = ngx
local pairs = pairs
local setmetatable = setmetatable
local sort = table.sort

-- Points on the ring for each unit of weight, as many as nginx's own "hash … consistent" has.
local POINTS = 160

local _M = {}
_M.__index = _M

local function by_hash_then_node(a, b)
  if a.hash ~= b.hash then
    return a.hash < b.hash
  end
  return a.node < b.node -- the same ring in every worker when two points fall together
end

local function ring(nodes)
  local points, n = {}, 0
  for node, weight in pairs(nodes) do
    for i = 1, POINTS * weight do
      n = n + 1
      points[n] = { hash = ngx.crc32_long(i .. "#" .. node), node = node }
    end
  end
  sort(points, by_hash_then_node)
  local hashes, owners = {}, {}
  for i = 1, n do
    hashes[i], owners[i] = points[i].hash, points[i].node
  end
  return hashes, owners
end

function _M.new(_, nodes)
  local self = setmetatable({}, _M)
  self:reinit(nodes)
  return self
end

function _M.reinit(self, nodes)
  self.nodes = nodes
  self.hashes, self.owners = ring(nodes)
end

-- find returns the node of the first point at or after the key's hash, or nil without nodes.
function _M.find(self, key)
  local hashes = self.hashes
  local wanted = ngx.crc32_long(key)
  local low, high = 1, #hashes + 1
  while low < high do
    local middle = (low + high - (low + high) % 2) / 2
    if hashes[middle] < wanted then
      low = middle + 1
    else
      high = middle
    end
  end
  return self.owners[low] or self.owners[1]
end

return _M
