-- Lines of purchases and refunds by order, owner, product and currency: what was paid, and how many pieces.
-- Purchases of an owner on one day that name no order are one order. A line is early before its owner's first decision of
-- the test on its UTC day.
SELECT
  store, money AS type, line_order AS order_id, owner, day, early, product, currency,
  sum(line_paid) AS paid,
  sum(line_pieces) AS pieces
FROM (
  SELECT
    o.store AS store, o.money AS money, o.owner AS owner, o.day AS day, o.product AS product, o.currency AS currency,
    CASE WHEN s.start_ts IS NULL OR o.first_ts < s.start_ts THEN 1 ELSE 0 END AS early,
    CASE WHEN o.order_id = '' AND o.money = 'purchase' THEN concat(o.owner, ' on ', CAST(o.day AS VARCHAR)) ELSE o.order_id
      END AS line_order,
    o.paid AS line_paid,
    o.pieces AS line_pieces
  FROM outcome_rows AS o
  LEFT JOIN (
    SELECT store AS start_store, unit AS start_unit, day AS start_day, min(first_ts) AS start_ts
    FROM exposed_days
    GROUP BY store, unit, day
  ) AS s ON s.start_store = o.store AND s.start_unit = o.owner AND s.start_day = o.day
  WHERE o.money <> ''
) AS lines
GROUP BY store, money, line_order, owner, day, early, product, currency
