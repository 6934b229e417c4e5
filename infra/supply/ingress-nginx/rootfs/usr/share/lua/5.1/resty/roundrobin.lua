-- resty.roundrobin: weighted round robin with the interface that ingress-nginx uses of
-- lua-resty-balancer, which Debian does not package.
--
--   local rr = resty_roundrobin:new({ ["10.0.0.1:80"] = 1, ["10.0.0.2:80"] = 2 })   -- node = weight
--   local node = rr:find()
--   rr:reinit(nodes)
--
-- Nodes must not be changed between reinits: the balancer compares them with new ones.

local pairs = pairs
local ipairs = ipairs
local setmetatable = setmetatable
local random = math.random
local sort = table.sort

local _M = {}
_M.__index = _M

local function greatest_common_divisor(a, b)
  while b ~= 0 do
    a, b = b, a % b
  end
  return a
end

local function parse(nodes)
  local peers, divisor = {}, 0
  for node, weight in pairs(nodes) do
    if weight > 0 then
      peers[#peers + 1] = { node = node, weight = weight, credit = 0 }
      divisor = greatest_common_divisor(weight, divisor)
    end
  end
  sort(peers, function(a, b) return a.node < b.node end)
  local total = 0
  for _, peer in ipairs(peers) do
    peer.weight = peer.weight / divisor
    total = total + peer.weight
  end
  return peers, total
end

-- turns is one round: every node as often as its weight says, heavy ones spread over the round.
-- Each turn gives every peer its weight as credit; the richest one is served and pays the total.
local function turns(nodes)
  local peers, total = parse(nodes)
  local round = {}
  for turn = 1, total do
    local richest = peers[1]
    for _, peer in ipairs(peers) do
      peer.credit = peer.credit + peer.weight
      if peer.credit > richest.credit then
        richest = peer
      end
    end
    richest.credit = richest.credit - total
    round[turn] = richest.node
  end
  return round
end

function _M.new(_, nodes)
  local self = setmetatable({}, _M)
  self:reinit(nodes)
  return self
end

-- reinit starts at a random turn, so that the workers do not all begin with the same node.
function _M.reinit(self, nodes)
  self.nodes = nodes
  self.round = turns(nodes)
  self.last = #self.round > 0 and random(#self.round) or 0
end

-- find returns the node whose turn it is, or nil without nodes.
function _M.find(self)
  self.last = self.last % #self.round + 1
  return self.round[self.last]
end

return _M
