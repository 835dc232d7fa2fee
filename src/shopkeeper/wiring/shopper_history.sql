-- What one user did in a store, newest first.
SELECT ts, type, product, surface, query, decision_id
FROM events
WHERE store = $store AND "user" = $user AND ts >= $since
ORDER BY ts DESC, event_id, type
LIMIT $rows
