-- Category lists of the catalogue and how many products have each.
SELECT categories, count(*) AS products
FROM products
WHERE store IN ($store, '') AND categories IS NOT NULL AND categories <> '[]'
GROUP BY categories
ORDER BY categories
