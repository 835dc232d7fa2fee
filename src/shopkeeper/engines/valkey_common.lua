-- What every script of the shared profiles begins with. ARGV: prefix, seconds to live, events kept, and each script's own.
-- A name is KIND:VALUE, such as user:ann; profile:NAME, answers:NAME, arms:NAME, owner:NAME and
-- owned:NAME are kept of it.
local prefix, life, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local function kind(name) return string.match(name, '^%a+') end
local function load(name)
  local kept = redis.call('GET', prefix .. 'profile:' .. name)
  return kept and cjson.decode(kept) or nil
end
local function add(events, event)  -- newest last; of equal times the one that came last; the same event sent again is one
  local place = #events
  while place > 0 and tonumber(events[place][3]) > tonumber(event[3]) do place = place - 1 end
  local same = place
  while same > 0 and events[same][3] == event[3] do
    if events[same][1] == event[1] and events[same][2] == event[2] then return false end
    same = same - 1
  end
  table.insert(events, place + 1, event)
  return true
end
local function newest(events)  -- the newest of interest and the newest refusals: views do not push a refusal out
  local kept, left = {}, {[true] = most, [false] = most}
  for place = #events, 1, -1 do
    local refused = events[place][2] == 'dismiss' or events[place][2] == 'remove'
    if left[refused] > 0 then
      left[refused] = left[refused] - 1
      table.insert(kept, 1, events[place])
    end
  end
  return kept
end
local function keep(name, profile)
  if #profile.events > most then profile.events = newest(profile.events) end
  local counter = prefix .. 'version'
  if redis.call('EXISTS', counter) == 0 then  -- the clock goes on where a lost counter was, so no version comes twice
    local now = redis.call('TIME')
    redis.call('SET', counter, now[1] .. string.format('%06d', tonumber(now[2])))
  end
  redis.call('INCR', counter)
  profile.version = redis.call('GET', counter)
  redis.call('SET', prefix .. 'profile:' .. name, cjson.encode(profile), 'EX', life)
  redis.call('DEL', prefix .. 'answers:' .. name)
end
local function bind(weaker, strongest)
  local owner = redis.call('GET', prefix .. 'owner:' .. weaker)
  if owner and owner ~= strongest then redis.call('SREM', prefix .. 'owned:' .. owner, weaker) end
  redis.call('SET', prefix .. 'owner:' .. weaker, strongest, 'EX', life)
  redis.call('SADD', prefix .. 'owned:' .. strongest, weaker)
  redis.call('EXPIRE', prefix .. 'owned:' .. strongest, life)
  return owner
end
