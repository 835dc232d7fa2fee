-- Purchase lines of shoppers who do not allow measurement, kept as counts alone, per UTC day.
SELECT ts AS day, sum(n) AS purchases
FROM event_counts
WHERE store = $store AND type = 'purchase'
GROUP BY ts
ORDER BY day
