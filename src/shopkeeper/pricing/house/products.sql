-- What the catalogue says now of everything a store sells; a record of the store outweighs one of all stores.
SELECT
  product, CASE WHEN coalesce(store, '') = '' THEN 0 ELSE 1 END AS own, coalesce(parent, '') AS parent, coalesce(brand, '') AS brand, kind, status,
  categories, tax_class, price, coalesce(currency, '') AS currency, stock, available_from, available_until, attributes
FROM products
WHERE coalesce(store, '') IN ($store, '')
ORDER BY product, own
