-- Units that decisions of a test were made for, by UTC day: the first arm and the last by their names, and the allocation
-- that was first.
SELECT
  store, unit, CAST(ts AS DATE) AS day, min(epoch) AS first_epoch, min(variant) AS first_variant,
  max(variant) AS last_variant, min(ts) AS first_ts
FROM decisions
WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $since AND ts < $until
GROUP BY store, unit, CAST(ts AS DATE)
