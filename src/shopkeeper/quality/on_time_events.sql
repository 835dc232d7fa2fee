-- Recent events of people and how many of them came in within so many seconds of happening, per type.
SELECT
  type,
  count(*) AS events,
  sum(CASE WHEN date_diff('second', ts, received_at) <= $seconds THEN 1 ELSE 0 END) AS on_time
FROM human_events
WHERE store = $store AND received_at IS NOT NULL AND ts >= $since
GROUP BY type
ORDER BY type
