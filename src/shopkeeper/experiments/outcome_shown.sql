-- Products that decisions of a test led to being shown, by arm and allocation; decisions of the day or the {attribution} before.
SELECT o.store AS store, l.led_epoch AS epoch, l.led_variant AS variant, o.product AS product
FROM events AS o
JOIN (
  SELECT store AS led_store, decision_id AS led_id, CAST(ts AS DATE) AS led_day, epoch AS led_epoch, variant AS led_variant
  FROM decisions
  WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $led_since AND ts < $until
) AS l ON l.led_store = o.store AND l.led_id = o.decision_id
WHERE o.type = 'impression' AND coalesce(o.product, '') <> '' AND o.ts >= $since AND o.ts < $until
  AND l.led_day >= CAST(o.ts AS DATE) - {attribution} AND l.led_day <= CAST(o.ts AS DATE)
GROUP BY o.store, l.led_epoch, l.led_variant, o.product
