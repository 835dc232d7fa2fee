-- Refusals of people that stand: the newest of each shopper and product, where the shopper did not want it again since.
-- A rating below the middle of one star to five dismisses (the rule in Python: commerce.event.meant).
WITH refusing AS (
  SELECT
    e.event_id AS event_id, e.ts AS ts, e.store AS store, e.type AS type, e.visitor AS visitor, e."user" AS "user",
    e.session AS session, e.product AS product, e.value AS value, e.consent AS consent,
    CASE WHEN e.type = 'remove' THEN 'remove' ELSE 'dismiss' END AS meant,
    coalesce(nullif(s.customer_group, ''), e.store) AS kin,
    coalesce(nullif(e."user", ''), nullif(e.visitor, ''), e.session) AS who
  FROM human_events AS e
  LEFT JOIN stores AS s ON s.store = e.store
  WHERE e.ts >= $since AND e.product IS NOT NULL
    AND (e.type IN ('remove', 'dismiss') OR (e.type = 'rating' AND coalesce(e.value, 3) < 3))
),
refused AS (
  SELECT
    kin, who, product,
    max(CASE WHEN meant = 'dismiss' THEN ts END) AS dismissed,
    max(CASE WHEN meant = 'remove' THEN ts END) AS removed
  FROM refusing
  GROUP BY kin, who, product
),
wanted AS (
  SELECT
    r.kin AS kin, r.who AS who, r.product AS product, max(m.ts) AS met,
    max(CASE WHEN m.type IN ('cart', 'checkout', 'purchase') THEN m.ts END) AS wanted
  FROM (
    SELECT
      e.ts AS ts, e.type AS type, e.product AS product,
      coalesce(nullif(s.customer_group, ''), e.store) AS kin,
      coalesce(nullif(e."user", ''), nullif(e.visitor, ''), e.session) AS who
    FROM human_events AS e
    LEFT JOIN stores AS s ON s.store = e.store
    WHERE e.ts >= $since AND e.type IN ('view', 'click', 'cart', 'checkout', 'purchase', 'rating')
      AND NOT (e.type = 'rating' AND coalesce(e.value, 3) < 3)
  ) AS m
  JOIN refused AS r ON r.product = m.product AND r.who = m.who AND r.kin = m.kin
  GROUP BY r.kin, r.who, r.product
)
SELECT
  f.event_id AS event_id, f.ts AS ts, f.store AS store, f.type AS type, f.visitor AS visitor, f."user" AS "user",
  f.session AS session, f.product AS product, f.value AS value, f.consent AS consent
FROM refusing AS f
JOIN refused AS r ON r.product = f.product AND r.who = f.who AND r.kin = f.kin
LEFT JOIN wanted AS w ON w.product = f.product AND w.who = f.who AND w.kin = f.kin
WHERE (f.meant = 'dismiss' AND f.ts = r.dismissed AND (w.wanted IS NULL OR f.ts > w.wanted))
  OR (f.meant = 'remove' AND f.ts = r.removed AND (w.met IS NULL OR f.ts > w.met))
ORDER BY f.ts DESC, f.event_id, f.store
LIMIT $rows
