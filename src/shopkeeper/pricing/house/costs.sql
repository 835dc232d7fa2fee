-- What one unit cost the store, as each record of the product said; records of one store outweigh those of all stores.
SELECT
  product, CASE WHEN coalesce(store, '') = '' THEN 0 ELSE 1 END AS own, source_ts AS ts, cost,
  coalesce(currency, '') AS currency
FROM products_history
WHERE coalesce(store, '') IN ($store, '') AND NOT deleted
ORDER BY product, own, source_ts, cost, currency
