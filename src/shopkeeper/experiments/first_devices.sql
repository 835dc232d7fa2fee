-- The kind of device each unit came with first on the day of its first decision.
SELECT device_store, device_unit, device_kind
FROM (
  SELECT
    u.unit_store AS device_store, u.unit_name AS device_unit, s.device_kind AS device_kind,
    row_number() OVER (PARTITION BY u.unit_store, u.unit_name ORDER BY s.first_ts, s.device_kind) AS place
  FROM (
    SELECT k.store AS store, coalesce(l.link_user, k.owner) AS owner, k.day AS day, k.device_kind AS device_kind,
      k.first_ts AS first_ts
    FROM seen_devices AS k
    LEFT JOIN links AS l ON l.link_store = k.store AND l.link_guest = k.owner
  ) AS s
  JOIN units AS u ON u.unit_store = s.store AND u.unit_name = s.owner AND u.first_day = s.day
) AS ranked
WHERE place = 1
