-- What people bought of each product in each week of the store, Monday to Sunday by its own clock.
-- wholesale: 1 where the buyer has a price list that is not one of the retail lists.
-- units: bought, less what came back. returned: what came back.
-- log_price: mean over the days with a sale of the mean log of what one unit cost the shopper, tax as shown, in the store's own
-- currency; free goods have no price.
SELECT
  product, week, wholesale,
  sum(day_units) AS units,
  sum(day_returned) AS returned,
  sum(day_foreign) AS foreign_lines,
  avg(day_price) AS log_price
FROM (
  SELECT
    product, wholesale, day, date_trunc('week', day) AS week,
    sum(pieces) AS day_units,
    sum(CASE WHEN pieces < 0 THEN -pieces ELSE 0e0 END) AS day_returned,
    sum(other_money) AS day_foreign,
    avg(CASE WHEN paid > 0 THEN ln(paid) END) AS day_price
  FROM (
    SELECT
      e.product AS product,
      CASE WHEN e.buyers_list IN ({retail}) THEN 0 ELSE 1 END AS wholesale,
      CAST({local} AS DATE) AS day,
      CASE WHEN e.type = 'refund' THEN -e.pieces ELSE e.pieces END AS pieces,
      CASE WHEN e.type = 'purchase' AND e.currency NOT IN ('', $currency) THEN 1 ELSE 0 END AS other_money,
      CASE WHEN e.type = 'purchase' AND e.currency IN ('', $currency) THEN e.paid END AS paid
    FROM ({lines}) AS e
  ) AS lines
  GROUP BY product, wholesale, day
) AS days
GROUP BY product, week, wholesale
ORDER BY product, week, wholesale
