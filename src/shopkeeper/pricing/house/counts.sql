-- Units bought by shoppers who did not allow measurement: counted by UTC day, without a price.
SELECT
  product, date_trunc('week', CAST(ts AS DATE)) AS week,
  sum(CASE WHEN type = 'refund' THEN -coalesce(quantity, CAST(n AS DOUBLE)) ELSE coalesce(quantity, CAST(n AS DOUBLE)) END)
    AS units
FROM event_counts
WHERE store = $store AND type IN ('purchase', 'refund') AND product <> '' AND ts < $until
GROUP BY product, date_trunc('week', CAST(ts AS DATE))
ORDER BY product, week
