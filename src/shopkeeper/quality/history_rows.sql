-- Rows of the full history of every keyed table, and events that are kept as counts alone.
SELECT 'stores' AS name, count(*) AS held FROM stores_history
UNION ALL SELECT 'products', count(*) FROM products_history
UNION ALL SELECT 'users', count(*) FROM users_history
UNION ALL SELECT 'prices', count(*) FROM prices_history
UNION ALL SELECT 'competitor_prices', count(*) FROM competitor_prices_history
UNION ALL SELECT 'inventory', count(*) FROM inventory_history
UNION ALL SELECT 'orders', count(*) FROM orders_history
UNION ALL SELECT 'event_counts', CAST(coalesce(sum(n), 0) AS BIGINT) FROM event_counts
