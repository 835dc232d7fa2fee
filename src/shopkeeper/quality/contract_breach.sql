-- Rows of a store, within a time where they have one, that break one rule of a field of the data contract.
SELECT count(*) AS held, coalesce(sum(CASE WHEN {breach} THEN 1 ELSE 0 END), 0) AS broken
FROM {table}
WHERE store IN ($store, '') AND {within}
