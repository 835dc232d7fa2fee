-- Rows of one table of a store, and of each column the rows that should have it, lack it, and had it filled in.
SELECT
  count(*) AS held,
  {columns}
FROM {table}
WHERE store IN ($store, '')
