-- Which moments the events received since $since lie between; no row's own time says when it came.
SELECT count(*) AS events, min(ts) AS oldest, max(ts) AS newest
FROM events
WHERE coalesce(received_at, ts) >= $since
