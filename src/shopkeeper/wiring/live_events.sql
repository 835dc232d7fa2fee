-- Newest events of people that show interest in a product: what live profiles are made of at start.
SELECT event_id, ts, store, type, visitor, "user", session, product, consent
FROM events
WHERE ts >= $since
  AND traffic = 'human'
  AND (
    store,
    CASE WHEN coalesce(session, '') <> '' THEN 'session' ELSE 'visitor' END,
    CASE WHEN coalesce(session, '') <> '' THEN session ELSE coalesce(visitor, '') END,
    CAST(ts AS DATE)
  ) NOT IN (SELECT store, kind, subject, CAST(ts AS DATE) FROM traffic_verdicts WHERE traffic <> 'human')
  AND product IS NOT NULL
  AND type IN ('view', 'click', 'cart', 'checkout', 'purchase', 'rating')
ORDER BY ts DESC, event_id, store
LIMIT $rows
