-- Rows of a store, within a time where they have one, beside those that name what another table does not have.
SELECT
  coalesce(sum(named.held), 0) AS held,
  coalesce(sum(CASE WHEN known.there IS NULL THEN named.held ELSE 0 END), 0) AS broken
FROM (
  SELECT {column} AS thing, count(*) AS held
  FROM {table}
  WHERE store IN ($store, '') AND {within} AND {column} IS NOT NULL
  GROUP BY {column}
) AS named
LEFT JOIN (
  SELECT {target} AS thing, 1 AS there FROM {other} WHERE store IN ($store, '') AND {target} IS NOT NULL GROUP BY {target}
) AS known ON known.thing = named.thing
