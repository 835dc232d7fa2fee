SELECT store, count(*) AS decisions, min(ts) AS first, max(ts) AS last
FROM decisions
WHERE system = $system AND model = $version
GROUP BY store
ORDER BY store
