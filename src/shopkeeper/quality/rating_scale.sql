-- Ratings that say something from a moment on, those above five stars, and the highest of all.
SELECT
  count(*) AS rated,
  coalesce(sum(CASE WHEN value > 5 THEN 1 ELSE 0 END), 0) AS above,
  coalesce(max(value), 0) AS highest
FROM events
WHERE store = $store AND ts >= $since AND type = 'rating' AND value IS NOT NULL
