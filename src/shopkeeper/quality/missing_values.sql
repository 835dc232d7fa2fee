-- Rows of one table of a store, and of each column the rows that should have it and that lack it.
SELECT
  count(*) AS held,
  {columns}
FROM {table}
WHERE store IN ($store, '')
