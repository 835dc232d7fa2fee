-- How often each product was wanted in each hour since $since: single events, and the daily counts that are all that is
-- kept of shoppers who did not allow measurement. A rating below the middle of one star to five wants nothing.
SELECT store, product, type, hour, n
FROM (
  SELECT store, product, type, date_trunc('hour', ts) AS hour, CAST(count(*) AS DOUBLE) AS n
  FROM human_events
  WHERE ts >= $since AND coalesce(product, '') <> ''
    AND type IN ('view', 'click', 'rating', 'cart', 'checkout', 'purchase')
    AND NOT (type = 'rating' AND coalesce(value, 3) < 3)
  GROUP BY store, product, type, date_trunc('hour', ts)
  UNION ALL
  SELECT store, product, type, ts AS hour, CAST(sum(coalesce(n, 1)) AS DOUBLE) AS n
  FROM event_counts
  WHERE ts >= $since AND coalesce(product, '') <> ''
    AND type IN ('view', 'click', 'rating', 'cart', 'checkout', 'purchase')
  GROUP BY store, product, type, ts
) AS counted
ORDER BY hour, store, product, type, n
