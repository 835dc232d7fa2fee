-- Orders of the ledger beside the purchases and refunds that name them, per minute of the order. Lines that are services
-- (postage, fees) are no revenue.
SELECT
  date_trunc('minute', ledger.ordered) AS minute,
  count(*) AS orders,
  sum(CASE WHEN coalesce(sent.purchases, 0) > 0 THEN 1 ELSE 0 END) AS sent_orders,
  sum(ledger.revenue) AS revenue,
  sum(CASE WHEN coalesce(sent.purchases, 0) > 0 THEN ledger.revenue ELSE 0 END) AS sent_revenue,
  sum(CASE WHEN coalesce(sent.purchases, 0) > 0 THEN ledger.tax ELSE 0 END) AS sent_tax,
  sum(CASE WHEN coalesce(sent.purchases, 0) > 0 THEN sent.money ELSE 0 END) AS sent_money
FROM (
  SELECT order_id, ts AS ordered, coalesce(revenue, 0) AS revenue, coalesce(tax, 0) AS tax
  FROM orders
  WHERE store = $store
) AS ledger
LEFT JOIN (
  SELECT
    moved.order_id AS order_id,
    sum(CASE WHEN moved.type = 'purchase' THEN 1 ELSE 0 END) AS purchases,
    sum(CASE WHEN services.there IS NOT NULL THEN 0 WHEN moved.type = 'purchase' THEN moved.paid ELSE -moved.paid END)
      AS money
  FROM (
    SELECT order_id, type, product, coalesce(price, 0) * coalesce(quantity, 1) AS paid
    FROM events
    WHERE store = $store AND type IN ('purchase', 'refund') AND order_id IS NOT NULL
  ) AS moved
  LEFT JOIN (
    SELECT product, 1 AS there FROM products WHERE store IN ($store, '') AND kind = 'service' GROUP BY product
  ) AS services ON services.product = moved.product
  GROUP BY moved.order_id
) AS sent ON sent.order_id = ledger.order_id
GROUP BY date_trunc('minute', ledger.ordered)
ORDER BY minute
