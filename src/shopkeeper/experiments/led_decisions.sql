-- Decisions of a test that an event may name, and the unit each was made for.
SELECT store AS led_store, decision_id AS led_id, unit AS led_unit, CAST(ts AS DATE) AS led_day
FROM decisions
WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $led_since AND ts < $until
