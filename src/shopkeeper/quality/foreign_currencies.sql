-- Prices by currency where one is named, in events from a moment on and in the catalogue.
SELECT 'events' AS source, currency, count(*) AS priced
FROM events WHERE store = $store AND ts >= $since AND currency IS NOT NULL GROUP BY currency
UNION ALL
SELECT 'products', currency, count(*)
FROM products WHERE store = $store AND currency IS NOT NULL GROUP BY currency
