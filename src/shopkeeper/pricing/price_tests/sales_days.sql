-- What ordinary shoppers bought of each product on each day of a store, by its own clock: pieces, and money as paid, less what
-- came back. returned: money that went back. Lines in another currency do not count, nor buyers of price lists that are not
-- retail. cost: as the catalogue says it now.
SELECT
  product, day, max(line_class) AS tax_class, max(line_cost) AS cost, sum(pieces) AS units, sum(money) AS paid,
  sum(CASE WHEN money < 0 THEN -money ELSE 0e0 END) AS returned, sum(other_money) AS foreign_lines
FROM (
  SELECT
    e.product AS product, CAST({local} AS DATE) AS day,
    coalesce(goods.tax_class, shared.tax_class, 'standard') AS line_class, coalesce(goods.cost, shared.cost) AS line_cost,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 0e0 WHEN e.type = 'refund' THEN -e.pieces ELSE e.pieces END AS pieces,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 0e0
      WHEN e.type = 'refund' THEN -e.pieces * coalesce(e.paid, 0e0) ELSE e.pieces * coalesce(e.paid, 0e0) END AS money,
    CASE WHEN e.currency NOT IN ('', $currency) THEN 1 ELSE 0 END AS other_money
  FROM ({lines}) AS e
  LEFT JOIN products AS goods ON goods.product = e.product AND goods.store = $store
  LEFT JOIN products AS shared ON shared.product = e.product AND coalesce(shared.store, '') = ''
  WHERE e.buyers_list IN ({retail})
) AS lines
GROUP BY product, day
ORDER BY product, day
