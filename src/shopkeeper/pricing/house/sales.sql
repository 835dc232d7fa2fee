-- What people bought of each product in each week of the store, Monday to Sunday by its own clock.
-- wholesale: 1 where the buyer has a price list that is not one of the retail lists.
-- units: bought, less what came back; a refund that names an order counts in the week of that order. returned: what came back.
-- log_price: mean over the days with a sale of the mean log of what one unit cost the shopper, tax as shown, in the store's own
-- currency; free goods have no price. Orders that were cancelled do not count, nor what bots did.
SELECT
  product, week, wholesale,
  sum(day_units) AS units,
  sum(day_returned) AS returned,
  sum(day_foreign) AS foreign_lines,
  avg(day_price) AS log_price
FROM (
  SELECT
    product, wholesale, day, date_trunc('week', day) AS week,
    sum(pieces) AS day_units,
    sum(CASE WHEN pieces < 0 THEN -pieces ELSE 0e0 END) AS day_returned,
    sum(other_money) AS day_foreign,
    avg(CASE WHEN paid > 0 THEN ln(paid) END) AS day_price
  FROM (
    SELECT
      e.product AS product,
      CASE WHEN coalesce(own.price_list, everywhere.price_list, '') IN ({retail}) THEN 0 ELSE 1 END AS wholesale,
      CAST({local} AS DATE) AS day,
      CASE WHEN e.type = 'refund' THEN -e.pieces ELSE e.pieces END AS pieces,
      CASE WHEN e.type = 'purchase' AND e.currency NOT IN ('', $currency) THEN 1 ELSE 0 END AS other_money,
      CASE WHEN e.type = 'purchase' AND e.currency IN ('', $currency) THEN e.paid END AS paid
    FROM (
      SELECT
        one.type AS type, one.product AS product, coalesce(one."user", '') AS buyer, coalesce(one.quantity, 1e0) AS pieces,
        coalesce(one.currency, '') AS currency, one.price AS paid,
        CASE WHEN one.type = 'refund' AND bought.first_ts IS NOT NULL THEN bought.first_ts ELSE one.ts END AS sale_ts
      FROM human_events AS one
      LEFT JOIN (
        SELECT order_id, min(ts) AS first_ts
        FROM human_events
        WHERE store = $store AND type = 'purchase' AND coalesce(order_id, '') <> '' AND ts < $until
        GROUP BY order_id
      ) AS bought ON bought.order_id = one.order_id
      LEFT JOIN (
        SELECT order_id AS gone_id
        FROM orders
        WHERE store = $store AND lower(status) IN ('cancelled', 'canceled', 'void', 'voided', 'failed')
      ) AS gone ON gone.gone_id = one.order_id
      WHERE one.store = $store AND one.type IN ('purchase', 'refund') AND coalesce(one.product, '') <> ''
        AND one.ts < $until AND coalesce(one.received_at, one.ts) <= $known AND gone.gone_id IS NULL
    ) AS e
    LEFT JOIN users AS own ON own."user" = e.buyer AND own.store = $store
    LEFT JOIN users AS everywhere ON everywhere."user" = e.buyer AND coalesce(everywhere.store, '') = ''
  ) AS lines
  GROUP BY product, wholesale, day
) AS days
GROUP BY product, week, wholesale
ORDER BY product, week, wholesale
