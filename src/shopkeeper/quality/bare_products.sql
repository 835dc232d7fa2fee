-- Active products that miss the most of price, stock, image, title and category.
SELECT
  product,
  CASE WHEN price IS NULL THEN 1 ELSE 0 END AS no_price,
  CASE WHEN stock IS NULL THEN 1 ELSE 0 END AS no_stock,
  CASE WHEN image_url IS NULL THEN 1 ELSE 0 END AS no_image,
  CASE WHEN title IS NULL THEN 1 ELSE 0 END AS no_title,
  CASE WHEN categories IS NULL OR categories = '[]' THEN 1 ELSE 0 END AS no_category
FROM products
WHERE store IN ($store, '') AND kind IN ('product', 'bundle') AND status = 'active'
  AND (price IS NULL OR stock IS NULL OR image_url IS NULL OR title IS NULL OR categories IS NULL OR categories = '[]')
ORDER BY no_price + no_stock + no_image + no_title + no_category DESC, product, store
LIMIT 5
