-- Adds what another place held of a shopper. KEYS: their strongest name, then names that are theirs.
-- ARGV: the common ones, their events as JSON.
local profile, changed = load(KEYS[1]) or {events = {}}, false
for _, event in ipairs(cjson.decode(ARGV[4])) do changed = add(profile.events, event) or changed end
if changed then keep(KEYS[1], profile) end
for place = 2, #KEYS do
  if redis.call('EXISTS', prefix .. 'owner:' .. KEYS[place]) == 0 then bind(KEYS[place], KEYS[1]) end
end
return 1
