-- Keeps an answer of one shopper, unless their profile has changed since. KEYS: the shopper's strongest name.
-- ARGV: the common ones, name of the answer, version of the profile it was made of, the answer, its seconds, most answers.
local profile = load(KEYS[1])
if (profile and tostring(profile.version) or '0') ~= ARGV[5] then return 0 end
local answers = prefix .. 'answers:' .. KEYS[1]
if redis.call('HLEN', answers) >= tonumber(ARGV[8]) then redis.call('DEL', answers) end
redis.call('HSET', answers, ARGV[4], ARGV[6])
redis.call('EXPIRE', answers, tonumber(ARGV[7]))
return 1
