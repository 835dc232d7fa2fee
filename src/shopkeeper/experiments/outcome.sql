-- What happened and whose it is: the unit's whose decision of the test the event names, if that is of its own UTC day or one
-- of the {attribution} before; else the user's, else the device's, else the session's. It is early if its owner had no decision of the test
-- yet on its UTC day.
WITH led AS (
  SELECT store AS led_store, decision_id AS led_id, unit AS led_unit, CAST(ts AS DATE) AS led_day, epoch AS led_epoch, variant AS led_variant
  FROM decisions
  WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $led_since AND ts < $until
), starts AS (
  SELECT store AS start_store, unit AS start_unit, CAST(ts AS DATE) AS start_day, min(ts) AS start_ts
  FROM decisions
  WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $since AND ts < $until
  GROUP BY store, unit, CAST(ts AS DATE)
), owned AS (
  SELECT
    e.store AS store,
    coalesce(
      CASE WHEN l.led_day >= CAST(e.ts AS DATE) - {attribution} AND l.led_day <= CAST(e.ts AS DATE) THEN l.led_unit END,
      nullif(e."user", ''), nullif(e.visitor, ''), nullif(e.session, ''), ''
    ) AS owner,
    CAST(e.ts AS DATE) AS day,
    e.ts AS ts,
    e.event_id AS event_id,
    e.type AS type,
    e.product AS product,
    e.price AS price,
    e.quantity AS quantity,
    e.currency AS currency,
    coalesce(e.order_id, '') AS order_id,
    coalesce(e.surface, '') AS surface,
    CASE WHEN coalesce(e.decision_id, '') <> '' THEN 1 ELSE 0 END AS led,
    CASE WHEN coalesce(e.session, '') <> '' THEN 'session' ELSE 'visitor' END AS visit_kind,
    CASE WHEN coalesce(e.session, '') <> '' THEN e.session ELSE coalesce(e.visitor, '') END AS visit,
    CASE WHEN coalesce(e."user", '') <> '' THEN 1 ELSE 0 END AS signed,
    CASE WHEN coalesce(e.traffic, 'human') <> 'human' AND e.traffic_rule IN ({arm_blind}) THEN 1 ELSE 0 END AS machine
  FROM events AS e
  LEFT JOIN led AS l ON l.led_store = e.store AND l.led_id = e.decision_id
  WHERE e.ts >= $since AND e.ts < $until
), touched AS (
  SELECT o.*, CASE WHEN s.start_ts IS NULL OR o.ts < s.start_ts THEN 1 ELSE 0 END AS early
  FROM owned AS o
  LEFT JOIN starts AS s ON s.start_store = o.store AND s.start_unit = o.owner AND s.start_day = o.day
  WHERE o.owner <> '' OR (o.type = 'refund' AND o.order_id <> '')
)
