-- Money of `outcome_lines` by order and owner, after discounts and without the tax inside the store's prices; lines that are
-- services (postage, fees) left out, and the money of lines in another currency than the store's.
-- In the store's currency, or where rates are given each line in the reporting currency by the rate of its UTC day.
-- gain: money less the goods' cost, of lines whose cost is known; costed: the money of these lines.
SELECT
  store, type, order_id, owner, day, early,
  sum(net * rate) AS net_sum,
  sum(CASE WHEN cost IS NULL THEN 0e0 ELSE (net - cost * line_pieces) * rate END) AS gain_sum,
  sum(CASE WHEN cost IS NULL THEN 0e0 ELSE net * rate END) AS costed_sum,
  sum(line_pieces) AS pieces_sum
FROM (
  SELECT
    m.store AS store, m.type AS type, m.order_id AS order_id, m.owner AS owner, m.day AS day, m.early AS early,
    m.pieces AS line_pieces, {rate} AS rate,
    CASE WHEN m.currency IN ('', coalesce(usual_tax.currency, m.currency)) THEN coalesce(own.cost, shared.cost) END AS cost,
    CASE WHEN m.currency IN ('', coalesce(usual_tax.currency, m.currency))
      THEN m.paid / (1e0 + coalesce(class_tax.rate, usual_tax.rate, 0e0)) ELSE 0e0 END AS net
  FROM outcome_lines AS m
  LEFT JOIN products AS own ON own.product = m.product AND own.store = m.store
  LEFT JOIN products AS shared ON shared.product = m.product AND coalesce(shared.store, '') = ''
  LEFT JOIN {tax} AS class_tax ON class_tax.store = m.store
    AND class_tax.tax_class = coalesce(own.tax_class, shared.tax_class, 'standard')
  LEFT JOIN {tax} AS usual_tax ON usual_tax.store = m.store AND usual_tax.tax_class = 'standard'
  WHERE coalesce(own.kind, shared.kind, 'product') <> 'service'
) AS priced
GROUP BY store, type, order_id, owner, day, early
