-- What one version showed and what was clicked of it, as sums over units, of decisions made in [since, until).
SELECT
  count(*) AS units,
  coalesce(sum(clicked), 0.0) AS clicks,
  coalesce(sum(shown), 0.0) AS impressions,
  coalesce(sum(clicked * clicked), 0.0) AS clicks_squared,
  coalesce(sum(shown * shown), 0.0) AS impressions_squared,
  coalesce(sum(clicked * shown), 0.0) AS products
FROM (
  SELECT
    answered.unit AS unit,
    sum(CASE WHEN seen.type = 'click' THEN 1.0 ELSE 0.0 END) AS clicked,
    sum(CASE WHEN seen.type = 'impression' THEN 1.0 ELSE 0.0 END) AS shown
  FROM (
    SELECT decision_id, store, unit
    FROM decisions
    WHERE system = $system AND model = $version AND unit IS NOT NULL AND ts >= $since AND ts < $until
  ) AS answered
  JOIN (
    SELECT decision_id, store, type
    FROM human_events
    WHERE decision_id IS NOT NULL AND type IN ('impression', 'click')
  ) AS seen ON seen.decision_id = answered.decision_id AND seen.store = answered.store
  GROUP BY answered.unit
) AS units
