-- Devices and sessions that only one user of a store was seen with.
SELECT 'visitor' AS kind, visitor AS id
FROM events
WHERE store = $store AND visitor IN (SELECT visitor FROM events WHERE store = $store AND "user" = $user)
GROUP BY visitor
HAVING count(DISTINCT "user") = 1
UNION ALL
SELECT 'session' AS kind, session AS id
FROM events
WHERE store = $store AND session IN (SELECT session FROM events WHERE store = $store AND "user" = $user)
GROUP BY session
HAVING count(DISTINCT "user") = 1
