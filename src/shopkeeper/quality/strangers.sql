-- Rows that name a product or a user no row describes, by table and by what they name; the most frequent first.
SELECT named.source AS source, named.thing AS thing, named.held AS held,
  CASE WHEN named.kind = 'product' AND goods.there IS NULL THEN 1
       WHEN named.kind = 'user' AND people.there IS NULL THEN 1 ELSE 0 END AS unknown
FROM (
  SELECT 'prices' AS source, 'product' AS kind, product AS thing, count(*) AS held
  FROM prices WHERE store = $store GROUP BY product
  UNION ALL SELECT 'competitor_prices', 'product', product, count(*)
  FROM competitor_prices WHERE store = $store GROUP BY product
  UNION ALL SELECT 'inventory', 'product', product, count(*) FROM inventory WHERE store = $store GROUP BY product
  UNION ALL SELECT 'orders', 'user', "user", count(*)
  FROM orders WHERE store = $store AND "user" IS NOT NULL GROUP BY "user"
) AS named
LEFT JOIN (SELECT product, 1 AS there FROM products WHERE store IN ($store, '') GROUP BY product) AS goods
  ON goods.product = named.thing
LEFT JOIN (SELECT "user", 1 AS there FROM users WHERE store = $store GROUP BY "user") AS people
  ON people."user" = named.thing
ORDER BY named.held DESC, named.source, named.thing
