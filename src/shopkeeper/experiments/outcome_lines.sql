-- Lines of purchases and refunds: what was paid, and how many pieces. Whose a line is says `outcome_rows`; a refund that names
-- an order needs no owner.
-- Purchases of an owner on one day that name no order are one order. A line is early before its owner's first decision of
-- the test on its UTC day.
-- The range of types says nothing new, but scans skip rows by a range and not by a list.
SELECT
  o.store AS store, o.money AS type,
  CASE WHEN o.named_order = '' AND o.money = 'purchase' THEN concat(o.owner, ' on ', CAST(o.day AS VARCHAR))
    ELSE o.named_order END AS order_id,
  o.owner AS owner, o.day AS day, CASE WHEN s.first_ts IS NULL OR o.line_ts < s.first_ts THEN 1 ELSE 0 END AS early,
  o.product AS product, o.currency AS currency, o.paid AS paid, o.pieces AS pieces
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
  WHERE e.type IN ('purchase', 'refund') AND e.type >= 'purchase' AND e.type <= 'refund'
    AND e.ts >= $since AND e.ts < $until
) AS o
LEFT JOIN exposed_days AS s ON s.store = o.store AND s.unit = o.owner AND s.day = o.day
WHERE o.owner <> '' OR (o.money = 'refund' AND o.named_order <> '')
