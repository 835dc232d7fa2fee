-- What came of answers beside which a version in the shadow of a test was computed, by decision and product, of people;
-- what happened on their UTC day or one of the {attribution} after.
SELECT
  o.store AS store, o.decision_id AS decision_id, o.product AS product,
  sum(CASE WHEN o.type = 'click' THEN 1 ELSE 0 END) AS clicks,
  sum(CASE WHEN o.type = 'purchase' THEN 1 ELSE 0 END) AS orders,
  sum(CASE WHEN o.type = 'purchase' THEN coalesce(o.quantity, 1e0) * coalesce(o.price, 0e0) ELSE 0e0 END) AS spent
FROM events AS o
JOIN (
  SELECT store AS led_store, decision_id AS led_id, CAST(ts AS DATE) AS led_day
  FROM shadow_answers
  WHERE test = $test AND error IS NULL AND coalesce(chances, '[]') <> '[]' AND ts >= $since AND ts < $until
) AS l ON l.led_store = o.store AND l.led_id = o.decision_id
WHERE o.type IN ('click', 'purchase') AND coalesce(o.product, '') <> '' AND o.ts >= $since AND o.ts < $until
  AND l.led_day >= CAST(o.ts AS DATE) - {attribution} AND l.led_day <= CAST(o.ts AS DATE)
  AND NOT (coalesce(o.traffic, 'human') <> 'human' AND coalesce(o.traffic_rule, '') IN ({arm_blind}))
GROUP BY o.store, o.decision_id, o.product
