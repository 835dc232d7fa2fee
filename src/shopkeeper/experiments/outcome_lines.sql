-- Purchases and refunds by order and owner: money after discounts, without the tax inside the store's prices, lines
-- that are services (postage, fees) and lines in another currency than the store's left out.
-- gain: money less the goods' cost, of lines whose cost is known; costed: the money of these lines.
, priced AS (
  SELECT
    m.store AS store, m.type AS type, m.owner AS owner, m.day AS day, m.early AS early,
    CASE WHEN m.order_id = '' AND m.type = 'purchase' THEN concat('event ', m.event_id) ELSE m.order_id END AS order_id,
    coalesce(m.quantity, 1e0) AS pieces,
    CASE WHEN coalesce(m.currency, usual_tax.currency, '') = coalesce(usual_tax.currency, m.currency, '')
      THEN coalesce(own.cost, shared.cost) END AS cost,
    CASE WHEN coalesce(m.currency, usual_tax.currency, '') = coalesce(usual_tax.currency, m.currency, '')
      THEN coalesce(m.price, 0e0) * coalesce(m.quantity, 1e0) / (1e0 + coalesce(class_tax.rate, usual_tax.rate, 0e0))
      ELSE 0e0 END AS paid
  FROM touched AS m
  LEFT JOIN products AS own ON own.product = m.product AND own.store = m.store
  LEFT JOIN products AS shared ON shared.product = m.product AND coalesce(shared.store, '') = ''
  LEFT JOIN {tax} AS class_tax ON class_tax.store = m.store
    AND class_tax.tax_class = coalesce(own.tax_class, shared.tax_class, 'standard')
  LEFT JOIN {tax} AS usual_tax ON usual_tax.store = m.store AND usual_tax.tax_class = 'standard'
  WHERE m.type IN ('purchase', 'refund') AND coalesce(own.kind, shared.kind, 'product') <> 'service'
)
SELECT
  store, type, order_id, owner, day, early,
  sum(paid) AS net,
  sum(CASE WHEN cost IS NULL THEN 0e0 ELSE paid - cost * pieces END) AS gain,
  sum(CASE WHEN cost IS NULL THEN 0e0 ELSE paid END) AS costed,
  sum(pieces) AS items
FROM priced
GROUP BY store, type, order_id, owner, day, early
