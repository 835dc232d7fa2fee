-- Everybody a store knows by name: its user records, and who was seen signed in anywhere in its customer group.
SELECT DISTINCT known.name AS name
FROM (
  SELECT u."user" AS name
  FROM users AS u
  WHERE coalesce(u.store, '') IN ($store, '')
  UNION ALL
  SELECT e."user" AS name
  FROM human_events AS e
  LEFT JOIN stores AS s ON s.store = e.store
  WHERE coalesce(nullif(s.customer_group, ''), e.store) = $group
    AND coalesce(e."user", '') <> ''
) AS known
ORDER BY name
