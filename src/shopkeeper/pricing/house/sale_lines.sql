SELECT
  line.type AS type, line.product AS product, line.pieces AS pieces, line.currency AS currency, line.paid AS paid,
  line.sale_ts AS sale_ts, coalesce(own.price_list, everywhere.price_list, '') AS buyers_list
FROM (
  -- Lines people bought or gave back. A refund that names an order counts at the moment of that order; orders that were
  -- cancelled do not count, nor what bots did. buyers_list: the price list of the buyer.
  SELECT
    one.type AS type, one.product AS product, coalesce(one."user", '') AS buyer, coalesce(one.quantity, 1e0) AS pieces,
    coalesce(one.currency, '') AS currency, one.price AS paid,
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
    AND one.ts >= $since AND one.ts < $until AND coalesce(one.received_at, one.ts) <= $known AND gone.gone_id IS NULL
) AS line
LEFT JOIN users AS own ON own."user" = line.buyer AND own.store = $store
LEFT JOIN users AS everywhere ON everywhere."user" = line.buyer AND coalesce(everywhere.store, '') = ''
