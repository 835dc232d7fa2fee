-- Price of each active product: its own, else the mean it was bought at.
SELECT
  goods.product AS product,
  goods.categories AS categories,
  coalesce(goods.price, paid.mean) AS price
FROM (
  SELECT product, categories, price
  FROM products
  WHERE store IN ($store, '') AND kind IN ('product', 'bundle') AND status = 'active'
) AS goods
LEFT JOIN (
  SELECT product, sum(price * coalesce(quantity, 1)) / sum(coalesce(quantity, 1)) AS mean
  FROM human_events
  WHERE store = $store AND type = 'purchase' AND price > 0 AND coalesce(quantity, 1) > 0
  GROUP BY product
) AS paid ON paid.product = goods.product
WHERE coalesce(goods.price, paid.mean) > 0
ORDER BY goods.product, goods.categories, goods.price
