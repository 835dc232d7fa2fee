-- Measured decisions with an answer, for people, and how many of them impressions or clicks report, per surface, arm and UTC day.
SELECT
  coalesce(served.surface, '') AS surface,
  served.variant AS variant,
  date_trunc('day', served.ts) AS day,
  count(*) AS decisions,
  sum(CASE WHEN seen.decision_id IS NULL THEN 0 ELSE 1 END) AS reported
FROM (
  SELECT decision_id, surface, variant, ts
  FROM human_decisions
  WHERE store = $store AND system = 'recommendations' AND unit IS NOT NULL AND results > 0
    AND ts >= $since AND ts < $until
) AS served
LEFT JOIN (
  SELECT decision_id FROM events
  WHERE store = $store AND type = 'impression' AND decision_id IS NOT NULL AND ts >= $since
  GROUP BY decision_id
) AS seen ON seen.decision_id = served.decision_id
GROUP BY coalesce(served.surface, ''), served.variant, date_trunc('day', served.ts)
ORDER BY surface, variant, day
