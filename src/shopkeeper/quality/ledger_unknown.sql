-- Orders that purchases name and the ledger does not have, per minute of their first purchase.
SELECT
  date_trunc('minute', sent.bought) AS minute,
  count(*) AS orders,
  sum(sent.money) AS money
FROM (
  SELECT order_id, min(ts) AS bought, sum(coalesce(price, 0) * coalesce(quantity, 1)) AS money
  FROM events
  WHERE store = $store AND type = 'purchase' AND order_id IS NOT NULL
  GROUP BY order_id
) AS sent
LEFT JOIN (SELECT order_id, 1 AS there FROM orders WHERE store = $store) AS ledger ON ledger.order_id = sent.order_id
WHERE ledger.there IS NULL
GROUP BY date_trunc('minute', sent.bought)
ORDER BY minute
