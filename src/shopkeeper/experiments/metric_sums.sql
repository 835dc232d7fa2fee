-- Sums over the units of a test, by arm, allocation, store and local day of exposure.
-- A newcomer did nothing on any of the 28 days before the test or since, until the day of its first decision.
-- A unit is one shopper in one store: a device on which one user alone signed in is that user. It belongs to the allocation of
-- its first decision. A machine is known as one by what it says itself, or by a verdict of a day before its first decision.
-- What counts: the first day from the first decision on, then {attribution} whole UTC days; of refunds those of orders that
-- count, up to {maturation} days after the first. Matured: that day is over.
links AS (
  SELECT store AS link_store, guest AS link_guest, min(owner) AS link_user
  FROM outcome_days
  WHERE signed = 1 AND guest <> ''
  GROUP BY store, guest
  HAVING min(owner) = max(owner)
), units AS (
  SELECT
    store AS unit_store, unit AS unit_name, min(unit_epoch) AS epoch, min(unit_variant) AS variant,
    max(unit_variant) AS last_variant, min(unit_ts) AS first_ts, CAST(min(unit_ts) AS DATE) AS first_day
  FROM (
    SELECT x.store AS store, coalesce(l.link_user, x.unit) AS unit, x.epoch AS unit_epoch, x.variant AS unit_variant,
      x.first_ts AS unit_ts
    FROM exposed_days AS x
    LEFT JOIN links AS l ON l.link_store = x.store AND l.link_guest = x.unit
  ) AS named
  GROUP BY store, unit
), bought AS (
  SELECT
    store AS order_store, order_id, min(owner) AS order_owner, min(day) AS order_day, max(early) AS order_early,
    sum(net_sum) AS net, sum(gain_sum) AS gain, sum(costed_sum) AS costed, sum(pieces_sum) AS items
  FROM priced_lines
  WHERE type = 'purchase'
  GROUP BY store, order_id
), rows_of_owners AS (
  SELECT store, owner, day, day AS known, early, machine, suspect, signed, {of_days}
  FROM outcome_days
  UNION ALL
  SELECT order_store, order_owner, order_day, order_day, order_early, 0, 0, 0, {of_orders}
  FROM bought
  UNION ALL
  SELECT r.store, coalesce(o.order_owner, r.owner), coalesce(o.order_day, r.day), r.day, coalesce(o.order_early, r.early),
    0, 0, 0, {of_refunds}
  FROM priced_lines AS r
  LEFT JOIN bought AS o ON o.order_store = r.store AND o.order_id = r.order_id
  WHERE r.type = 'refund' AND (r.order_id = '' OR o.order_id IS NOT NULL)
), rows_of_units AS (
  SELECT r.store AS store, coalesce(l.link_user, r.owner) AS owner, r.day AS day, r.known AS known, r.early AS early,
    r.machine AS machine, r.suspect AS suspect, r.signed AS signed, {columns}
  FROM rows_of_owners AS r
  LEFT JOIN links AS l ON l.link_store = r.store AND l.link_guest = r.owner
  UNION ALL
  SELECT unit_store, unit_name, first_day, first_day, 0, 0, 0, 0, {nothing}
  FROM units
), figures AS (
  SELECT
    unit_store, unit_name, epoch, variant, last_variant, first_ts, first_day,
    max(machine) AS machine, max(suspect_before) AS suspect, max(signed) AS signed, max(earlier) AS earlier, {figures}
  FROM (
    SELECT
      u.unit_store AS unit_store, u.unit_name AS unit_name, u.epoch AS epoch, u.variant AS variant,
      u.last_variant AS last_variant, u.first_ts AS first_ts, u.first_day AS first_day,
      r.machine AS machine, r.signed AS signed,
      CASE WHEN r.day < u.first_day THEN r.suspect ELSE 0 END AS suspect_before,
      CASE WHEN r.day < u.first_day THEN 1 ELSE 0 END AS earlier,
      CASE WHEN r.day >= $before AND r.known < $start THEN 1e0 ELSE 0e0 END AS before_test, {windows}, {columns}
    FROM rows_of_units AS r
    JOIN units AS u ON u.unit_store = r.store AND u.unit_name = r.owner
  ) AS placed
  GROUP BY unit_store, unit_name, epoch, variant, last_variant, first_ts, first_day
){devices}
SELECT
  epoch, variant, store, day, matured, machine, crossed, newcomer{group}, count(*) AS units, sum(guest) AS guests{sums}
FROM (
  SELECT
    epoch, variant, unit_store AS store,
    {local_day} AS day,
    CASE WHEN first_day + {maturation} < CAST($at AS DATE) THEN 1 ELSE 0 END AS matured,
    CASE WHEN machine = 1 OR suspect = 1 THEN 1 ELSE 0 END AS machine,
    CASE WHEN variant <> last_variant THEN 1 ELSE 0 END AS crossed,
    1 - earlier AS newcomer,
    1 - signed AS guest{group_of}{terms}
  FROM figures{grouped_by}
) AS of_units
GROUP BY epoch, variant, store, day, matured, machine, crossed, newcomer{group}
ORDER BY epoch, variant, store, day, matured, machine, crossed, newcomer{group}
