-- When a test decided for the first and the last time.
SELECT min(ts) AS first_ts, max(ts) AS last_ts
FROM decisions
WHERE test = $test AND ts >= $since AND ts < $until
