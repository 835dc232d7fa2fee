-- What happened, in one scan: by owner, UTC day and visit (a session, or else a device), lines of orders and refunds apart.
-- An event belongs to the unit whose decision of the test it names, if that is of its own UTC day or one of the {attribution}
-- before; else to the user, else the device, else the session.
WITH led AS (
  SELECT store AS led_store, decision_id AS led_id, unit AS led_unit, CAST(ts AS DATE) AS led_day
  FROM decisions
  WHERE test = $test AND coalesce(unit, '') <> '' AND ts >= $led_since AND ts < $until
), owned AS (
  SELECT
    e.store AS store,
    coalesce(
      CASE WHEN l.led_day >= CAST(e.ts AS DATE) - {attribution} AND l.led_day <= CAST(e.ts AS DATE) THEN l.led_unit END,
      nullif(e."user", ''), nullif(e.visitor, ''), nullif(e.session, ''), ''
    ) AS owner,
    CAST(e.ts AS DATE) AS day,
    e.ts AS ts,
    e.type AS type,
    coalesce(e.price, 0e0) AS price,
    coalesce(e.quantity, 1e0) AS quantity,
    coalesce(e.surface, '') AS surface,
    CASE WHEN coalesce(e.decision_id, '') <> '' THEN 1 ELSE 0 END AS led,
    CASE WHEN coalesce(e.session, '') <> '' THEN 1 ELSE 0 END AS in_session,
    CASE WHEN coalesce(e.session, '') <> '' THEN e.session ELSE coalesce(e.visitor, '') END AS visit,
    CASE WHEN coalesce(e.visitor, '') <> '' THEN e.visitor ELSE coalesce(e.session, '') END AS device,
    coalesce(e."user", '') AS user_name,
    CASE WHEN coalesce(e.traffic, 'human') <> 'human' AND e.traffic_rule IN ({arm_blind}) THEN 1 ELSE 0 END AS by_machine,
    CASE WHEN e.type IN ('purchase', 'refund') THEN e.type ELSE '' END AS money,
    CASE WHEN e.type IN ('purchase', 'refund') THEN coalesce(e.order_id, '') ELSE '' END AS order_id,
    CASE WHEN e.type IN ('purchase', 'refund') THEN coalesce(e.product, '') ELSE '' END AS product,
    CASE WHEN e.type IN ('purchase', 'refund') THEN coalesce(e.currency, '') ELSE '' END AS currency
  FROM events AS e
  LEFT JOIN led AS l ON l.led_store = e.store AND l.led_id = e.decision_id
  WHERE e.ts >= $since AND e.ts < $until
)
SELECT
  store, owner, day, in_session, visit, device AS guest, money, order_id, product, currency,
  max(CASE WHEN user_name = owner THEN 1 ELSE 0 END) AS signed, max(by_machine) AS machine,
  min(ts) AS first_ts, max(ts) AS last_ts,
  sum(price * quantity) AS paid, sum(quantity) AS pieces{counts}
FROM owned
WHERE owner <> '' OR (money = 'refund' AND order_id <> '')
GROUP BY store, owner, day, in_session, visit, device, money, order_id, product, currency
