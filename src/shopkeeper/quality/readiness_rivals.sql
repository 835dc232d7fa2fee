-- Products with a competitor's price, and with an inventory.
SELECT 'competitor_prices' AS source, count(DISTINCT product) AS products FROM competitor_prices WHERE store = $store
UNION ALL
SELECT 'inventory', count(DISTINCT product) FROM inventory WHERE store = $store
