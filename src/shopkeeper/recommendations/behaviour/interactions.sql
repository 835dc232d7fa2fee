, item_codes AS (
  SELECT customer_group, product, row_number() OVER (ORDER BY customer_group, product) AS code
  FROM (SELECT DISTINCT customer_group, product FROM seen) AS found
), shopper_codes AS (
  SELECT customer_group, key_kind, key_id, row_number() OVER (ORDER BY customer_group, key_kind, key_id) AS code
  FROM (SELECT DISTINCT customer_group, key_kind, key_id FROM seen WHERE key_kind <> '') AS found
), store_codes AS (
  SELECT store, row_number() OVER (ORDER BY store) AS code FROM (SELECT DISTINCT store FROM seen) AS found
)
SELECT
  coalesce(h.code, 0) - 1 AS shopper,
  i.code - 1 AS item,
  c.code - 1 AS store,
  CASE seen.type
    WHEN 'view' THEN 0 WHEN 'click' THEN 1 WHEN 'rating' THEN 2 WHEN 'cart' THEN 3 WHEN 'checkout' THEN 4 ELSE 5
  END AS kind,
  seen.device AS device,
  seen.referrer AS referrer,
  seen.place AS place,
  seen.stars AS stars,
  seen.ts AS ts
FROM seen
JOIN item_codes AS i ON i.customer_group = seen.customer_group AND i.product = seen.product
JOIN store_codes AS c ON c.store = seen.store
LEFT JOIN shopper_codes AS h
  ON h.customer_group = seen.customer_group AND h.key_kind = seen.key_kind AND h.key_id = seen.key_id
ORDER BY seen.ts, seen.store, seen.event_id
