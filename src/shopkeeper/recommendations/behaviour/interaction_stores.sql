SELECT store, count(*) AS events
FROM seen
GROUP BY store
ORDER BY store
