-- The products most events name and no row describes.
SELECT named.product AS product, named.events AS events
FROM (
  SELECT product, count(*) AS events
  FROM human_events
  WHERE store = $store AND product IS NOT NULL
  GROUP BY product
) AS named
LEFT JOIN (SELECT product, 1 AS there FROM products WHERE store IN ($store, '') GROUP BY product) AS goods
  ON goods.product = named.product
WHERE goods.there IS NULL
ORDER BY named.events DESC, named.product
LIMIT 5
