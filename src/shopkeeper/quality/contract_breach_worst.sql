-- The values that break one rule of a field most often.
SELECT {column} AS value, count(*) AS broken
FROM {table}
WHERE store IN ($store, '') AND ({breach})
GROUP BY {column}
ORDER BY broken DESC, value
LIMIT 5
