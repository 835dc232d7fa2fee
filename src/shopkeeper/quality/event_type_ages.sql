-- The newest event of every type of a store.
SELECT type, max(ts) AS newest, count(*) AS held FROM events WHERE store = $store GROUP BY type ORDER BY type
