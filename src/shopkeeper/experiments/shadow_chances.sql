-- A sample of the answers that chance had a part in, beside which a version in the shadow of a test was computed: ids are
-- random, so the first ones in their order are any ones.
SELECT store, decision_id, unit, chances
FROM shadow_answers
WHERE test = $test AND error IS NULL AND coalesce(chances, '[]') <> '[]' AND ts >= $since AND ts < $until
ORDER BY decision_id, store, coalesce(unit, ''), chances
LIMIT 20000
