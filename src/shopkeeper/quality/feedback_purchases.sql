-- Purchases of a product that the same session clicked in an answer, and how many of them name a decision.
SELECT
  coalesce(clicked.shown_on, '') AS surface,
  coalesce(served.variant, '') AS variant,
  date_trunc('day', bought.ts) AS day,
  count(*) AS purchases,
  sum(CASE WHEN bought.decision_id IS NULL THEN 0 ELSE 1 END) AS led
FROM (
  SELECT session, product, decision_id, ts
  FROM human_events
  WHERE store = $store AND type = 'purchase' AND session IS NOT NULL AND ts >= $since
) AS bought
JOIN (
  SELECT session, product, max(surface) AS shown_on, max(decision_id) AS led_by
  FROM human_events
  WHERE store = $store AND type = 'click' AND decision_id IS NOT NULL AND session IS NOT NULL
    AND ts >= $since
  GROUP BY session, product
) AS clicked ON clicked.session = bought.session AND clicked.product = bought.product
LEFT JOIN (
  SELECT decision_id, variant FROM decisions WHERE store = $store
) AS served ON served.decision_id = clicked.led_by
GROUP BY coalesce(clicked.shown_on, ''), coalesce(served.variant, ''), date_trunc('day', bought.ts)
ORDER BY surface, variant, day
