-- One visit of a shopper: binds weaker keys to the strongest, adds an event where there is one, gives the profile back.
-- KEYS: names of the shopper, the strongest first. ARGV: prefix, seconds to live, events kept, [product, type, micros].
local prefix, life, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local strongest = KEYS[1]

local function kind(name) return string.match(name, '^%a+') end
local function load(name)
  local kept = redis.call('GET', prefix .. 'profile:' .. name)
  return kept and cjson.decode(kept) or nil
end
local function add(events, event)  -- newest last; of equal times the one that came last
  local place = #events
  while place > 0 and tonumber(events[place][3]) > tonumber(event[3]) do place = place - 1 end
  table.insert(events, place + 1, event)
end
local function keep(name, profile)
  while #profile.events > most do table.remove(profile.events, 1) end
  local counter = prefix .. 'version'
  if redis.call('EXISTS', counter) == 0 then  -- the clock goes on where a lost counter was, so no version comes twice
    local now = redis.call('TIME')
    redis.call('SET', counter, now[1] .. string.format('%06d', tonumber(now[2])))
  end
  redis.call('INCR', counter)
  profile.version = redis.call('GET', counter)
  redis.call('SET', prefix .. 'profile:' .. name, cjson.encode(profile), 'EX', life)
end

for place = 2, #KEYS do
  local weaker = KEYS[place]
  local moved = load(weaker)
  if moved or kind(weaker) ~= 'session' or kind(strongest) ~= 'visitor' then
    local owner = redis.call('GET', prefix .. 'owner:' .. weaker)
    redis.call('DEL', prefix .. 'profile:' .. weaker)
    local strangers = owner and owner ~= strongest and kind(owner) == kind(strongest)
    if moved and not strangers then
      local profile = load(strongest) or {events = {}}
      for _, event in ipairs(moved.events) do add(profile.events, event) end
      keep(strongest, profile)
    end
    if owner and owner ~= strongest then redis.call('SREM', prefix .. 'owned:' .. owner, weaker) end
    redis.call('SET', prefix .. 'owner:' .. weaker, strongest, 'EX', life)
    redis.call('SADD', prefix .. 'owned:' .. strongest, weaker)
    redis.call('EXPIRE', prefix .. 'owned:' .. strongest, life)
  end
end
if ARGV[4] then
  local profile = load(strongest) or {events = {}}
  add(profile.events, {ARGV[4], ARGV[5], ARGV[6]})
  keep(strongest, profile)
end
return redis.call('GETEX', prefix .. 'profile:' .. strongest, 'EX', life)
