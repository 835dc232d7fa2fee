-- What ordinary shoppers bought of each product on each day of a store, by its own clock: pieces, and money as paid.
-- A refund that names an order counts on the day of that order. Orders that were cancelled do not count, nor what bots did,
-- nor lines in another currency, nor buyers of price lists that are not retail. cost: as the catalogue says it now.
SELECT
  product, day, max(line_class) AS tax_class, max(line_cost) AS cost, sum(pieces) AS units, sum(money) AS paid,
  sum(other_money) AS foreign_lines
FROM (
  SELECT
    e.product AS product, CAST({local} AS DATE) AS day,
    coalesce(goods.tax_class, shared.tax_class, 'standard') AS line_class, coalesce(goods.cost, shared.cost) AS line_cost,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 0e0 WHEN e.type = 'refund' THEN -e.pieces ELSE e.pieces END AS pieces,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 0e0
      WHEN e.type = 'refund' THEN -e.pieces * e.price_paid ELSE e.pieces * e.price_paid END AS money,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 1 ELSE 0 END AS other_money
  FROM (
    SELECT
      one.type AS type, one.product AS product, coalesce(one."user", '') AS buyer, coalesce(one.quantity, 1e0) AS pieces,
      coalesce(one.currency, '') AS currency, coalesce(one.price, 0e0) AS price_paid,
      CASE WHEN one.type = 'refund' AND bought.first_ts IS NOT NULL THEN bought.first_ts ELSE one.ts END AS sale_ts
    FROM human_events AS one
    LEFT JOIN (
      SELECT order_id, min(ts) AS first_ts
      FROM human_events
      WHERE store = $store AND type = 'purchase' AND coalesce(order_id, '') <> '' AND ts >= $since AND ts < $until
      GROUP BY order_id
    ) AS bought ON bought.order_id = one.order_id
    LEFT JOIN (
      SELECT order_id AS gone_id
      FROM orders
      WHERE store = $store AND lower(status) IN ('cancelled', 'canceled', 'void', 'voided', 'failed')
    ) AS gone ON gone.gone_id = one.order_id
    WHERE one.store = $store AND one.type IN ('purchase', 'refund') AND coalesce(one.product, '') <> ''
      AND one.ts >= $since AND one.ts < $until AND gone.gone_id IS NULL
  ) AS e
  LEFT JOIN users AS own ON own."user" = e.buyer AND own.store = $store
  LEFT JOIN users AS everywhere ON everywhere."user" = e.buyer AND coalesce(everywhere.store, '') = ''
  LEFT JOIN products AS goods ON goods.product = e.product AND goods.store = $store
  LEFT JOIN products AS shared ON shared.product = e.product AND coalesce(shared.store, '') = ''
  WHERE coalesce(own.price_list, everywhere.price_list, '') IN ({retail})
) AS lines
GROUP BY product, day
ORDER BY product, day
