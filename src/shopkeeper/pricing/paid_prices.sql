-- What people paid for one unit of each product of a store since a moment: each price, how often, and when last.
SELECT product, price, count(*) AS purchases, max(ts) AS last_ts
FROM human_events
WHERE store = $store AND type = 'purchase' AND ts >= $since AND product IS NOT NULL AND price IS NOT NULL
GROUP BY product, price
