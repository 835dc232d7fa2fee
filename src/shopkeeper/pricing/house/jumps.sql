-- What a store was told last of a product's cost, of a rival's price and of units on hand, and what before that, where the last
-- was told from $since on. Costs of one store outweigh those of all stores.
SELECT
  what, product, who, max(CASE WHEN place = 1 THEN value END) AS now, max(CASE WHEN place = 2 THEN value END) AS before
FROM (
  SELECT
    'cost' AS what, product, '' AS who, cost AS value, source_ts AS told,
    row_number() OVER (PARTITION BY product ORDER BY source_ts DESC, cost) AS place
  FROM (
    SELECT product, cost, source_ts, own, max(own) OVER (PARTITION BY product) AS outweighs
    FROM (
      SELECT product, cost, source_ts, CASE WHEN coalesce(store, '') = '' THEN 0 ELSE 1 END AS own
      FROM products_history
      WHERE coalesce(store, '') IN ($store, '') AND NOT deleted AND cost > 0 AND source_ts < $until
    ) AS known
  ) AS costs
  WHERE own = outweighs
  UNION ALL
  SELECT
    'rival' AS what, product, competitor AS who, price AS value, source_ts AS told,
    row_number() OVER (PARTITION BY product, competitor ORDER BY ts DESC, source_ts DESC, price) AS place
  FROM competitor_prices_history
  WHERE store = $store AND NOT deleted AND coalesce(in_stock, true) AND price > 0 AND ts < $until
  UNION ALL
  SELECT
    'stock' AS what, product, '' AS who, on_hand AS value, source_ts AS told,
    row_number() OVER (PARTITION BY product ORDER BY ts DESC, source_ts DESC, on_hand) AS place
  FROM inventory_history
  WHERE store = $store AND NOT deleted AND on_hand IS NOT NULL AND ts < $until
) AS said
WHERE place <= 2
GROUP BY what, product, who
HAVING max(told) >= $since AND count(*) = 2
ORDER BY what, product, who
