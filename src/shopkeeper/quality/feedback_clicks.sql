-- Clicks on surfaces, and how many of them name the decision that led to them, per surface, arm and UTC day.
SELECT
  coalesce(clicked.surface, '') AS surface,
  coalesce(served.variant, '') AS variant,
  date_trunc('day', clicked.ts) AS day,
  count(*) AS clicks,
  sum(CASE WHEN clicked.decision_id IS NULL THEN 0 ELSE 1 END) AS led
FROM (
  SELECT decision_id, surface, ts
  FROM human_events
  WHERE store = $store AND type = 'click' AND ts >= $since
) AS clicked
LEFT JOIN (
  SELECT decision_id, variant FROM decisions WHERE store = $store
) AS served ON served.decision_id = clicked.decision_id
GROUP BY coalesce(clicked.surface, ''), coalesce(served.variant, ''), date_trunc('day', clicked.ts)
ORDER BY surface, variant, day
