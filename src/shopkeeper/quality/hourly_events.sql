-- Events of people per hour, and the purchases among them.
SELECT
  date_trunc('hour', ts) AS hour,
  count(*) AS events,
  sum(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS purchases
FROM human_events
WHERE store = $store
GROUP BY date_trunc('hour', ts)
ORDER BY hour
