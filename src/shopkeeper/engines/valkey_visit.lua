-- One visit of a shopper: binds weaker keys to the strongest, adds an event where there is one, gives the profile, the
-- answer kept under a name and the first arms by test. KEYS: names of the shopper, the strongest first.
-- ARGV: the common ones, name of the answer or '', [product, type, micros].
local strongest, asked = KEYS[1], ARGV[4]

for place = 2, #KEYS do
  local weaker = KEYS[place]
  local moved = load(weaker)
  if moved or kind(weaker) ~= 'session' or kind(strongest) ~= 'visitor' then
    redis.call('DEL', prefix .. 'profile:' .. weaker, prefix .. 'answers:' .. weaker)
    local owner = bind(weaker, strongest)
    local strangers = owner and owner ~= strongest and kind(owner) == kind(strongest)
    if moved and not strangers then
      local profile = load(strongest) or {events = {}}
      for _, event in ipairs(moved.events) do add(profile.events, event) end
      keep(strongest, profile)
    end
  end
end
if ARGV[5] then
  local profile = load(strongest) or {events = {}}
  if add(profile.events, {ARGV[5], ARGV[6], ARGV[7]}) then keep(strongest, profile) end
end
local arms = prefix .. 'arms:' .. strongest
for place = 2, #KEYS do
  local first = redis.call('HGETALL', prefix .. 'arms:' .. KEYS[place])
  for field = 1, #first, 2 do redis.call('HSETNX', arms, first[field], first[field + 1]) end
  if #first > 0 then redis.call('EXPIRE', arms, life) end
end
local answer = asked ~= '' and redis.call('HGET', prefix .. 'answers:' .. strongest, asked)
return {redis.call('GETEX', prefix .. 'profile:' .. strongest, 'EX', life), answer, redis.call('HGETALL', arms)}
