-- What active products a store sells have, its own and those of all stores.
SELECT
  count(*) AS products,
  sum(CASE WHEN price IS NOT NULL THEN 1 ELSE 0 END) AS with_price,
  sum(CASE WHEN stock IS NOT NULL THEN 1 ELSE 0 END) AS with_stock,
  sum(CASE WHEN image_url IS NOT NULL THEN 1 ELSE 0 END) AS with_image,
  sum(CASE WHEN title IS NOT NULL THEN 1 ELSE 0 END) AS with_title,
  sum(CASE WHEN categories IS NOT NULL AND categories <> '[]' THEN 1 ELSE 0 END) AS with_category,
  sum(CASE WHEN cost IS NOT NULL THEN 1 ELSE 0 END) AS with_cost,
  sum(CASE WHEN brand IS NOT NULL THEN 1 ELSE 0 END) AS with_brand,
  sum(CASE WHEN description IS NOT NULL THEN 1 ELSE 0 END) AS with_description,
  sum(CASE WHEN attributes IS NOT NULL AND attributes <> '{}' THEN 1 ELSE 0 END) AS with_attributes
FROM products
WHERE store IN ($store, '') AND kind IN ('product', 'bundle') AND status = 'active'
