-- How much of the catalogue is filled in, per store; an empty store holds what all stores sell.
SELECT
  store,
  count(*) AS products,
  sum(CASE WHEN price IS NOT NULL THEN 1 ELSE 0 END) AS with_price,
  sum(CASE WHEN title IS NOT NULL THEN 1 ELSE 0 END) AS with_title,
  sum(CASE WHEN categories IS NOT NULL AND categories <> '[]' THEN 1 ELSE 0 END) AS with_category
FROM products
WHERE kind IN ('product', 'bundle') AND status = 'active'
GROUP BY store
ORDER BY store
