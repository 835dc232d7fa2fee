-- Rows of one table of a store whose columns intake filled in, of each column.
SELECT {columns}
FROM {table}
WHERE store IN ($store, '') AND {place} LIKE '%"filled_%'
