-- Products met between $since and $until, each at its last event: people only, $rows at most, evenly over their ids.
SELECT store, product, latest AS ts
FROM (
  SELECT store, product, latest, row_number() OVER (ORDER BY product, store) AS place, count(*) OVER () AS total
  FROM (
    SELECT store, product, max(ts) AS latest
    FROM human_events
    WHERE ts >= $since AND ts < $until AND coalesce(product, '') <> ''
    GROUP BY store, product
  ) AS met
) AS numbered
WHERE floor(place * least(1e0, $rows / total)) > floor((place - 1) * least(1e0, $rows / total))
ORDER BY product, store
