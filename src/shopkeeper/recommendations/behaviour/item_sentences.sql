-- What product records say in sentences: one row for each record, store '' = all stores.
SELECT
  coalesce(nullif(s.customer_group, ''), p.store, '') AS customer_group,
  coalesce(p.store, '') AS store,
  p.product AS product,
  coalesce(p.brand, '') AS brand,
  coalesce(p.title, '') AS title,
  coalesce(p.description, '') AS description
FROM products AS p
LEFT JOIN stores AS s ON s.store = p.store
ORDER BY p.product, p.store
