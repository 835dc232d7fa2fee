-- When a test decided for the first and the last time, and the newest event that may count.
SELECT min(first_ts) AS first_ts, max(last_ts) AS last_ts, max(event_ts) AS event_ts
FROM (
  SELECT min(ts) AS first_ts, max(ts) AS last_ts, max(CASE WHEN 1 = 0 THEN ts END) AS event_ts
  FROM decisions
  WHERE test = $test AND ts >= $since AND ts < $until
  UNION ALL
  SELECT max(CASE WHEN 1 = 0 THEN ts END), max(CASE WHEN 1 = 0 THEN ts END), max(ts)
  FROM events
  WHERE ts >= $since AND ts < $until
) AS spans
