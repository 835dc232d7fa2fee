-- Orders of the ledger beside the purchases and refunds that name them, per minute of the order.
SELECT
  date_trunc('minute', ledger.ordered) AS minute,
  count(*) AS orders,
  sum(CASE WHEN coalesce(sent.purchases, 0) > 0 THEN 1 ELSE 0 END) AS sent_orders,
  sum(ledger.revenue) AS revenue,
  sum(ledger.tax) AS tax,
  sum(coalesce(sent.money, 0)) AS sent_money
FROM (
  SELECT order_id, ts AS ordered, coalesce(revenue, 0) AS revenue, coalesce(tax, 0) AS tax
  FROM orders
  WHERE store = $store
) AS ledger
LEFT JOIN (
  SELECT
    order_id,
    sum(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS purchases,
    sum(CASE WHEN type = 'purchase' THEN 1 ELSE -1 END * coalesce(price, 0) * coalesce(quantity, 1)) AS money
  FROM events
  WHERE store = $store AND type IN ('purchase', 'refund') AND order_id IS NOT NULL
  GROUP BY order_id
) AS sent ON sent.order_id = ledger.order_id
GROUP BY date_trunc('minute', ledger.ordered)
ORDER BY minute
