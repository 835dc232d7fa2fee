-- Sums over the units of a test, by arm, allocation, store and local day of exposure.
-- A newcomer did nothing on any of the 28 days before the test or since, until the day of its first decision.
-- A unit is one shopper in one store: a device on which one user alone signed in is that user. It belongs to the allocation of
-- its first decision. A machine is known as one by what it says itself, or by a verdict of a day before its first decision.
-- What counts: the first day from the first decision on, then {attribution} whole UTC days; of refunds those of orders that
-- count, up to {maturation} days after the first. Matured: that day is over.
-- Visits and orders are added up by themselves and put together last: a row updates the sums of its own kind alone.
WITH links AS (
  SELECT store AS link_store, guest AS link_guest, min(owner) AS link_user
  FROM outcome_days
  WHERE signed = 1 AND guest <> ''
  GROUP BY store, guest
  HAVING min(owner) = max(owner)
), units AS (
  SELECT
    store AS unit_store, unit AS unit_name, min(unit_epoch) AS epoch, min(unit_variant) AS variant,
    max(unit_last) AS last_variant, min(unit_ts) AS first_ts, CAST(min(unit_ts) AS DATE) AS first_day
  FROM (
    SELECT x.store AS store, coalesce(l.link_user, x.unit) AS unit, x.first_epoch AS unit_epoch, x.first_variant AS unit_variant,
      x.last_variant AS unit_last, x.first_ts AS unit_ts
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
), orders_of_owners AS (
  SELECT order_store AS store, order_owner AS owner, order_day AS day, order_day AS known, order_early AS early{of_orders}
  FROM bought
  UNION ALL
  SELECT
    r.store, coalesce(o.order_owner, r.owner), coalesce(o.order_day, r.day), r.day,
    coalesce(o.order_early, r.early){of_refunds}
  FROM priced_lines AS r
  LEFT JOIN bought AS o ON o.order_store = r.store AND o.order_id = r.order_id
  WHERE r.type = 'refund' AND (r.order_id = '' OR o.order_id IS NOT NULL)
), did AS (
  SELECT
    store AS did_store, unit AS did_unit, max(signed) AS did_sign,
    max(CASE WHEN machine = 1 OR (suspect = 1 AND day < first_day) THEN 1 ELSE 0 END) AS did_like_machine,
    max(CASE WHEN day < first_day THEN 1 ELSE 0 END) AS did_earlier{figures_of_days}
  FROM (
    SELECT
      u.unit_store AS store, u.unit_name AS unit, u.first_day AS first_day, r.day AS day, r.machine AS machine,
      r.suspect AS suspect, r.signed AS signed, {counts}{columns_of_days}
    FROM (
      SELECT d.*, d.day AS known, 1e0 AS visits, coalesce(l.link_user, d.owner) AS unit
      FROM outcome_days AS d
      LEFT JOIN links AS l ON l.link_store = d.store AND l.link_guest = d.owner
    ) AS r
    JOIN units AS u ON u.unit_store = r.store AND u.unit_name = r.unit
  ) AS placed
  GROUP BY store, unit
), ordered AS (
  SELECT
    store AS ordered_store, unit AS ordered_unit,
    max(CASE WHEN day < first_day THEN 1 ELSE 0 END) AS ordered_earlier{figures_of_orders}
  FROM (
    SELECT u.unit_store AS store, u.unit_name AS unit, u.first_day AS first_day, r.day AS day,
      {counts}{columns_of_orders}
    FROM (
      SELECT o.*, coalesce(l.link_user, o.owner) AS unit
      FROM orders_of_owners AS o
      LEFT JOIN links AS l ON l.link_store = o.store AND l.link_guest = o.owner
    ) AS r
    JOIN units AS u ON u.unit_store = r.store AND u.unit_name = r.unit
  ) AS placed
  GROUP BY store, unit
), figures AS (
  SELECT
    unit_store, unit_name, epoch, variant, last_variant, first_ts, first_day,
    coalesce(did_like_machine, 0) AS machine, coalesce(did_sign, 0) AS signed,
    greatest(coalesce(did_earlier, 0), coalesce(ordered_earlier, 0)) AS earlier{figures}
  FROM units
  LEFT JOIN did ON did_store = unit_store AND did_unit = unit_name
  LEFT JOIN ordered ON ordered_store = unit_store AND ordered_unit = unit_name
){devices}
SELECT
  epoch, variant, store, day, matured, machine, crossed, newcomer{group}, count(*) AS units, sum(guest) AS guests{sums}
FROM (
  SELECT
    epoch, variant, unit_store AS store,
    {local_day} AS day,
    CASE WHEN first_day + {maturation} < CAST($at AS DATE) THEN 1 ELSE 0 END AS matured,
    machine,
    CASE WHEN variant <> last_variant THEN 1 ELSE 0 END AS crossed,
    1 - earlier AS newcomer,
    1 - signed AS guest{group_of}{terms}
  FROM figures{grouped_by}
) AS of_units
GROUP BY epoch, variant, store, day, matured, machine, crossed, newcomer{group}
ORDER BY epoch, variant, store, day, matured, machine, crossed, newcomer{group}
