-- The last product each shopper showed interest in between $since and $until: people only, $rows shoppers at most,
-- evenly over their sorted names, so the same shoppers are drawn again from the same events.
SELECT store, user_id, shopper, product, ts
FROM (
  SELECT store, user_id, shopper, product, ts,
    row_number() OVER (ORDER BY shopper, store) AS place, count(*) OVER () AS total
  FROM (
    SELECT store, coalesce("user", '') AS user_id, coalesce(nullif("user", ''), nullif(visitor, ''), session) AS shopper,
      product, ts,
      row_number() OVER (
        PARTITION BY store, coalesce(nullif("user", ''), nullif(visitor, ''), session) ORDER BY ts DESC, event_id
      ) AS newest
    FROM human_events
    WHERE ts >= $since AND ts < $until AND coalesce(product, '') <> ''
      AND type IN ('view', 'click', 'cart', 'checkout', 'purchase', 'rating')
      AND coalesce(nullif("user", ''), nullif(visitor, ''), session) IS NOT NULL
  ) AS ranked
  WHERE newest = 1
) AS numbered
WHERE floor(place * least(1e0, $rows / total)) > floor((place - 1) * least(1e0, $rows / total))
ORDER BY shopper, store
