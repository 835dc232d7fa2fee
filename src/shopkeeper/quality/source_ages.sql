-- The newest row of every source of a store; rows for all stores count for each.
SELECT 'events' AS source, max(ts) AS newest, count(*) AS held FROM events WHERE store = $store
UNION ALL SELECT 'products', max(source_ts), count(*) FROM products_history WHERE store IN ($store, '')
UNION ALL SELECT 'users', max(source_ts), count(*) FROM users_history WHERE store = $store
UNION ALL SELECT 'prices', max(source_ts), count(*) FROM prices_history WHERE store = $store
UNION ALL SELECT 'competitor_prices', max(source_ts), count(*) FROM competitor_prices_history WHERE store = $store
UNION ALL SELECT 'inventory', max(source_ts), count(*) FROM inventory_history WHERE store = $store
UNION ALL SELECT 'orders', max(source_ts), count(*) FROM orders_history WHERE store = $store
