-- Lines of purchases and refunds by order, owner, product and currency: what was paid, and how many pieces. Whose a line is
-- says `outcome_rows`; a refund that names an order needs no owner.
-- Purchases of an owner on one day that name no order are one order. A line is early before its owner's first decision of
-- the test on its UTC day.
SELECT
  store, money AS type, line_order AS order_id, owner, day, early, product, currency,
  sum(line_paid) AS paid,
  sum(line_pieces) AS pieces
FROM (
  SELECT
    o.store AS store, o.money AS money, o.owner AS owner, o.day AS day, o.product AS product, o.currency AS currency,
    CASE WHEN s.start_ts IS NULL OR o.line_ts < s.start_ts THEN 1 ELSE 0 END AS early,
    CASE WHEN o.named_order = '' AND o.money = 'purchase' THEN concat(o.owner, ' on ', CAST(o.day AS VARCHAR))
      ELSE o.named_order END AS line_order,
    o.paid AS line_paid,
    o.pieces AS line_pieces
  FROM (
    SELECT
      e.store AS store, e.type AS money, e.ts AS line_ts, CAST(e.ts AS DATE) AS day,
      coalesce(e.order_id, '') AS named_order, coalesce(e.product, '') AS product, coalesce(e.currency, '') AS currency,
      coalesce(e.quantity, 1e0) AS pieces,
      coalesce(e.price, 0e0) * coalesce(e.quantity, 1e0) AS paid,
      coalesce(
        CASE WHEN l.led_day >= CAST(e.ts AS DATE) - {attribution} AND l.led_day <= CAST(e.ts AS DATE) THEN l.led_unit END,
        nullif(e."user", ''), nullif(e.visitor, ''), nullif(e.session, ''), ''
      ) AS owner
    FROM events AS e
    LEFT JOIN led_decisions AS l ON l.led_store = e.store AND l.led_id = e.decision_id
    WHERE e.type IN ('purchase', 'refund') AND e.ts >= $since AND e.ts < $until
  ) AS o
  LEFT JOIN (
    SELECT store AS start_store, unit AS start_unit, day AS start_day, min(first_ts) AS start_ts
    FROM exposed_days
    GROUP BY store, unit, day
  ) AS s ON s.start_store = o.store AND s.start_unit = o.owner AND s.start_day = o.day
  WHERE o.owner <> '' OR (o.money = 'refund' AND o.named_order <> '')
) AS lines
GROUP BY store, money, line_order, owner, day, early, product, currency
