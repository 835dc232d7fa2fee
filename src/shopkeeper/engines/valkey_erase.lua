-- Forgets a shopper and every name that was theirs; gives the number of profiles dropped. KEYS: the shopper's name.
local theirs, dropped = redis.call('SMEMBERS', prefix .. 'owned:' .. KEYS[1]), 0
table.insert(theirs, KEYS[1])
for _, name in ipairs(theirs) do
  dropped = dropped + redis.call('DEL', prefix .. 'profile:' .. name)
  redis.call('DEL', prefix .. 'owner:' .. name, prefix .. 'owned:' .. name, prefix .. 'answers:' .. name,
    prefix .. 'arms:' .. name)
end
return dropped
