-- Who users are, as their records say: one row for each record that says something, store '' = all stores.
SELECT
  coalesce(nullif(s.customer_group, ''), u.store, '') AS customer_group,
  coalesce(u.store, '') AS store,
  u."user" AS user_id,
  coalesce(u.age_band, '') AS age_band,
  coalesce(u.gender, '') AS gender,
  coalesce(u.region, '') AS region,
  coalesce(u.segment, '') AS segment
FROM users AS u
LEFT JOIN stores AS s ON s.store = u.store
WHERE concat(coalesce(u.age_band, ''), coalesce(u.gender, ''), coalesce(u.region, ''), coalesce(u.segment, '')) <> ''
ORDER BY u."user", u.store
