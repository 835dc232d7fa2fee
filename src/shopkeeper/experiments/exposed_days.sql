-- Units that decisions of a test were made for, by arm, allocation and UTC day.
SELECT store, unit, epoch, variant, CAST(ts AS DATE) AS day, min(ts) AS first_ts
FROM decisions
WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $since AND ts < $until
GROUP BY store, unit, epoch, variant, CAST(ts AS DATE)
