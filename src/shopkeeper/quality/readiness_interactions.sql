-- What the events of people can carry.
SELECT
  sum(CASE WHEN type IN ('view', 'click', 'cart', 'purchase', 'rating') AND product IS NOT NULL THEN 1 ELSE 0 END)
    AS interactions,
  count(DISTINCT CASE WHEN type IN ('view', 'click', 'cart', 'purchase', 'rating') THEN product END) AS products,
  count(DISTINCT CASE WHEN type = 'purchase' THEN order_id END) AS orders,
  count(DISTINCT date_trunc('day', ts)) AS days,
  sum(CASE WHEN type = 'impression' THEN 1 ELSE 0 END) AS impressions,
  sum(CASE WHEN type = 'impression' AND decision_id IS NOT NULL THEN 1 ELSE 0 END) AS led_impressions
FROM human_events
WHERE store = $store
