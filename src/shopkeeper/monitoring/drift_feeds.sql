-- Events of people by store, UTC day and type since $since and before $until, and how many of them fill each field.
SELECT store, CAST(ts AS DATE) AS day, type, count(*) AS events,
  count(nullif(product, '')) AS product, count(nullif("user", '')) AS users, count(nullif(session, '')) AS session,
  count(price) AS price
FROM human_events
WHERE ts >= $since AND ts < $until
  AND type IN ('impression', 'view', 'click', 'search', 'cart', 'purchase', 'refund')
GROUP BY store, CAST(ts AS DATE), type
ORDER BY store, day, type
