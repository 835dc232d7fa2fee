-- Events of a store, from a moment on, about products that no product row describes.
SELECT
  named.store AS store,
  sum(named.events) AS events,
  sum(CASE WHEN own.product IS NULL AND shared.product IS NULL THEN named.events ELSE 0 END) AS unknown_events,
  sum(CASE WHEN own.product IS NULL AND shared.product IS NULL THEN 1 ELSE 0 END) AS unknown_products
FROM (
  SELECT store, product, count(*) AS events
  FROM human_events
  WHERE store = $store AND ts >= $since AND product IS NOT NULL
  GROUP BY store, product
) AS named
LEFT JOIN (SELECT store, product FROM products WHERE store <> '') AS own
  ON own.store = named.store AND own.product = named.product
LEFT JOIN (SELECT product FROM products WHERE store = '') AS shared
  ON shared.product = named.product
GROUP BY named.store
