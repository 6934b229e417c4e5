-- Tests of the image's own resty.* modules, for `luajit test.lua FOLDER-OF-MODULES`. The few
-- functions of nginx that they call are stood in for.

package.path = assert(arg[1], "give the folder that holds resty/") .. "/?.lua;" .. package.path
local bit = require("bit")

local function crc32(text)
  local crc = bit.bnot(0)
  for i = 1, #text do
    crc = bit.bxor(crc, text:byte(i))
    for _ = 1, 8 do
      local low = bit.band(crc, 1)
      crc = bit.bxor(bit.rshift(crc, 1), bit.band(0xEDB88320, -low))
    end
  end
  return bit.bnot(crc) % 2 ^ 32
end

local clock = 0
local function dictionary()
  local ends = {} -- key = the time at which it expires
  return {
    add = function(_, key, _, exptime)
      if ends[key] and ends[key] > clock then
        return false, "exists"
      end
      ends[key] = clock + exptime
      return true
    end,
    delete = function(_, key)
      ends[key] = nil
      return true
    end,
  }
end

ngx = {
  crc32_long = crc32,
  shared = { locks = dictionary(), full = { add = function() return false, "no memory" end } },
  sleep = function(seconds) clock = clock + seconds end,
}

local tests = {}

local function equal(got, want, what)
  if got ~= want then
    error((what or "value") .. ": got " .. tostring(got) .. ", want " .. tostring(want), 2)
  end
end

local function count(n, pick)
  local seen = {}
  for i = 1, n do
    local node = pick(i)
    seen[node] = (seen[node] or 0) + 1
  end
  return seen
end

tests["crc32 of the stand-in is the real one"] = function()
  equal(crc32("123456789"), 0xCBF43926)
end

tests["a lock is held by one, and free after its release"] = function()
  local lock = require("resty.lock")
  local one, other = lock:new("locks", { timeout = 0, exptime = 1 }), lock:new("locks", { timeout = 0, exptime = 1 })
  equal(one:lock("a"), 0)
  local elapsed, err = other:lock("a")
  equal(elapsed, nil)
  equal(err, "timeout")
  equal(other:lock("b"), 0, "another key")
  equal(one:unlock(), 1)
  equal(other:unlock(), 1)
  equal(other:lock("a"), 0, "after the release")
  equal(other:unlock(), 1)
end

tests["a lock is not taken twice nor released twice"] = function()
  local lock = require("resty.lock"):new("locks", { timeout = 0 })
  equal(lock:lock("c"), 0)
  equal(select(2, lock:lock("c")), "locked")
  equal(lock:unlock(), 1)
  equal(select(2, lock:unlock()), "unlocked")
end

tests["waiting for a lock ends at the timeout"] = function()
  local lock = require("resty.lock")
  equal(lock:new("locks", { exptime = 100 }):lock("d"), 0)
  local before = clock
  equal(select(2, lock:new("locks", { timeout = 2 }):lock("d")), "timeout")
  assert(math.abs(clock - before - 2) < 1e-9, "waited " .. clock - before .. " s")
end

tests["waiting for a lock ends when its holder lets it expire"] = function()
  local lock = require("resty.lock")
  equal(lock:new("locks", { exptime = 1 }):lock("e"), 0)
  local elapsed = lock:new("locks", { timeout = 5 }):lock("e")
  assert(elapsed and elapsed >= 1 and elapsed < 2, tostring(elapsed))
end

tests["a lock without its dictionary, or with a full one, tells so"] = function()
  local lock = require("resty.lock")
  equal(select(2, lock:new("none")), "dictionary not found")
  equal(select(2, lock:new("full"):lock("a")), "no memory")
end

tests["round robin serves every node in turn"] = function()
  local nodes = { a = 1, b = 1, c = 1 }
  local rr = require("resty.roundrobin"):new(nodes)
  equal(rr.nodes, nodes, "nodes")
  for _ = 1, 5 do
    local seen = count(3, function() return rr:find() end)
    equal(seen.a, 1)
    equal(seen.b, 1)
    equal(seen.c, 1)
  end
end

tests["round robin follows the weights and spreads the heavy node"] = function()
  local rr = require("resty.roundrobin"):new({ a = 10, b = 2, c = 0 })
  local seen = count(60, function() return rr:find() end)
  equal(seen.a, 50)
  equal(seen.b, 10)
  equal(seen.c, nil)
  local gap = 0
  for _ = 1, 12 do
    gap = rr:find() == "a" and gap + 1 or 0
    assert(gap <= 5, "b is not spread")
  end
end

tests["round robin starts anywhere, so that workers differ"] = function()
  local first = count(200, function()
    return require("resty.roundrobin"):new({ a = 1, b = 1 }):find()
  end)
  assert(first.a and first.b, "always the same first node")
end

tests["round robin takes new nodes, and none"] = function()
  local rr = require("resty.roundrobin"):new({ a = 1 })
  rr:reinit({ b = 1 })
  equal(rr:find(), "b")
  rr:reinit({})
  equal(rr:find(), nil)
  equal(rr:find(), nil)
  rr:reinit({ c = 1 })
  equal(rr:find(), "c")
end

local function keys(chash, n)
  local owner = {}
  for i = 1, n do
    owner[i] = chash:find("key-" .. i)
  end
  return owner
end

tests["consistent hashing keeps a key at its node, in any order of nodes"] = function()
  local chash = require("resty.chash")
  local nodes = { ["10.0.0.1:80"] = 1, ["10.0.0.2:80"] = 1, ["10.0.0.3:80"] = 1 }
  local one = chash:new(nodes)
  equal(one.nodes, nodes, "nodes")
  local other = chash:new({ ["10.0.0.3:80"] = 1, ["10.0.0.2:80"] = 1, ["10.0.0.1:80"] = 1 })
  local a, b = keys(one, 500), keys(other, 500)
  for i = 1, 500 do
    equal(a[i], b[i])
  end
end

tests["consistent hashing spreads keys by weight"] = function()
  local chash = require("resty.chash"):new({ a = 1, b = 1, c = 2 })
  local seen = count(8000, function(i) return chash:find("key-" .. i) end)
  for node, want in pairs({ a = 2000, b = 2000, c = 4000 }) do
    assert(math.abs(seen[node] - want) < want * 0.25, node .. ": " .. seen[node] .. " of " .. want)
  end
end

tests["consistent hashing moves only the keys of the node that left"] = function()
  local chash = require("resty.chash"):new({ a = 1, b = 1, c = 1 })
  local before = keys(chash, 1000)
  chash:reinit({ a = 1, b = 1 })
  local after = keys(chash, 1000)
  local moved = 0
  for i = 1, 1000 do
    if before[i] == "c" then
      moved = moved + 1
      assert(after[i] ~= "c")
    else
      equal(after[i], before[i])
    end
  end
  assert(moved > 200, "c had " .. moved .. " keys")
end

tests["consistent hashing without nodes finds none"] = function()
  local chash = require("resty.chash"):new({})
  equal(chash:find("key"), nil)
  chash:reinit({ a = 1 })
  equal(chash:find("key"), "a")
end

tests["what this build lacks says so and names the setting"] = function()
  for name, setting in pairs({
    http = "enable%-ocsp",
    global_throttle = "global%-rate%-limit%-memcached%-host",
    ipmatcher = "global%-rate%-limit%-memcached%-host",
  }) do
    local ok, err = pcall(require("resty." .. name).new)
    assert(not ok and err:match(setting) and err:match("resty." .. name), name .. ": " .. tostring(err))
  end
end

local names, failed = {}, 0
for name in pairs(tests) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  local ok, err = xpcall(tests[name], debug.traceback)
  io.write(ok and "ok    " or "FAIL  ", name, ok and "" or ("\n" .. err), "\n")
  failed = failed + (ok and 0 or 1)
end
os.exit(failed == 0 and 0 or 1)
