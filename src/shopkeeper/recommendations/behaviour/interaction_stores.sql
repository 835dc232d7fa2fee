SELECT seen.store AS store, coalesce(max(shop.time_zone), '') AS time_zone, count(*) AS events
FROM seen
LEFT JOIN stores AS shop ON shop.store = seen.store
GROUP BY seen.store
ORDER BY seen.store
