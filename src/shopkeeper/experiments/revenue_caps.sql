-- The value that all but one in a thousand shoppers of each store stay below in the time before a test, by owner; money of
-- purchases less refunds as `priced_lines` has it. Shoppers are all that did anything.
WITH spent AS (
  SELECT
    store, owner, sum(net) AS net, sum(gain) AS gain
  FROM (
    SELECT store, owner, 0e0 AS net, 0e0 AS gain FROM outcome_days WHERE day >= $before AND day < $start
    UNION ALL
    SELECT
      store, owner,
      CASE WHEN type = 'purchase' THEN net_sum ELSE -net_sum END,
      CASE WHEN type = 'purchase' THEN gain_sum ELSE -gain_sum END
    FROM priced_lines WHERE day >= $before AND day < $start
  ) AS moved
  GROUP BY store, owner
), placed AS (
  SELECT
    store, net, gain,
    row_number() OVER (PARTITION BY store ORDER BY net) AS net_place,
    row_number() OVER (PARTITION BY store ORDER BY gain) AS gain_place,
    count(*) OVER (PARTITION BY store) AS crowd
  FROM spent
)
SELECT
  store,
  min(CASE WHEN net_place >= {quantile} * crowd THEN net END) AS revenue,
  min(CASE WHEN gain_place >= {quantile} * crowd THEN gain END) AS margin,
  max(crowd) AS shoppers
FROM placed
GROUP BY store
ORDER BY store
