-- Rows of a store beside those whose columns were there before.
SELECT coalesce(sum(times), 0) AS held, coalesce(sum(times - 1), 0) AS broken
FROM (
  SELECT {columns}, count(*) AS times
  FROM {table}
  WHERE store IN ($store, '') AND {present}
  GROUP BY {columns}
) AS repeated
