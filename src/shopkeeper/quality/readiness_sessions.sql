-- Sessions that met at least two products.
SELECT count(*) AS sessions
FROM (
  SELECT coalesce(session, visitor, "user") AS visit, count(DISTINCT product) AS products
  FROM human_events
  WHERE store = $store AND product IS NOT NULL
    AND type IN ('view', 'click', 'cart', 'purchase', 'rating')
    AND (session IS NOT NULL OR visitor IS NOT NULL OR "user" IS NOT NULL)
  GROUP BY coalesce(session, visitor, "user")
) AS visits
WHERE products >= 2
