-- The newest answers to people that chance had a part in, before $until and as they were known at $known.
SELECT store, decision_id, answer
FROM human_decisions
WHERE system = 'recommendations' AND ts < $until AND ts <= $known AND coalesce(answer, '') LIKE '%"policy":"drawn"%'
ORDER BY ts DESC, store, decision_id, answer
LIMIT 200000
