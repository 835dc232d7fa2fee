-- Visits between $since and $until with what was done in them: people only, $rows at most, evenly over their names.
SELECT store, session, latest AS ts, searched, carted, bought, refunded
FROM (
  SELECT store, session, latest, searched, carted, bought, refunded,
    row_number() OVER (ORDER BY session, store) AS place, count(*) OVER () AS total
  FROM (
    SELECT store, session, max(ts) AS latest,
      max(CASE WHEN type = 'search' THEN 1 ELSE 0 END) AS searched,
      max(CASE WHEN type = 'cart' THEN 1 ELSE 0 END) AS carted,
      max(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS bought,
      max(CASE WHEN type = 'refund' THEN 1 ELSE 0 END) AS refunded
    FROM human_events
    WHERE ts >= $since AND ts < $until AND coalesce(session, '') <> ''
    GROUP BY store, session
  ) AS visits
) AS numbered
WHERE floor(place * least(1e0, $rows / total)) > floor((place - 1) * least(1e0, $rows / total))
ORDER BY session, store
