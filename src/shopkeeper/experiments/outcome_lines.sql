-- Lines of purchases and refunds by order, owner, product and currency: what was paid, and how many pieces.
SELECT
  store, type, line_order AS order_id, owner, day, early, line_product AS product, line_currency AS currency,
  sum(amount) AS paid,
  sum(units) AS pieces
FROM (
  SELECT
    store, type, owner, day, early,
    CASE WHEN order_id = '' AND type = 'purchase' THEN concat('event ', event_id) ELSE order_id END AS line_order,
    coalesce(product, '') AS line_product,
    coalesce(currency, '') AS line_currency,
    coalesce(price, 0e0) * coalesce(quantity, 1e0) AS amount,
    coalesce(quantity, 1e0) AS units
  FROM touched
  WHERE type IN ('purchase', 'refund')
) AS lines
GROUP BY store, type, line_order, owner, day, early, line_product, line_currency
