-- Events whose identity came on more than one day, per store; on one day the lake keeps the first.
SELECT store, sum(times - 1) AS doubled
FROM (SELECT store, event_id, count(*) AS times FROM events GROUP BY store, event_id HAVING count(*) > 1) AS repeated
GROUP BY store
ORDER BY store
