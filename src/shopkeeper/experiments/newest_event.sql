-- The newest event of some time.
SELECT max(ts) AS event_ts
FROM events
WHERE ts >= $since AND ts < $until
