-- Newest events of people that show interest in a product or refuse it: what live profiles are made of at start.
SELECT event_id, ts, store, type, visitor, "user", session, product, value, consent
FROM human_events
WHERE ts >= $since
  AND product IS NOT NULL
  AND type IN ('view', 'click', 'cart', 'checkout', 'purchase', 'rating', 'remove', 'dismiss')
ORDER BY ts DESC, event_id, store
LIMIT $rows
