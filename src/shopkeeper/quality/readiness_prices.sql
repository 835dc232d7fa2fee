-- Changes of price per product: of the price history, and of the prices paid by people.
SELECT 'shown' AS source, count(*) AS products, sum(prices - 1) AS changes
FROM (SELECT product, count(DISTINCT price) AS prices FROM prices_history WHERE store = $store GROUP BY product) AS shown
UNION ALL
SELECT 'paid', count(*), sum(prices - 1)
FROM (
  SELECT product, count(DISTINCT price) AS prices
  FROM human_events
  WHERE store = $store AND type = 'purchase' AND price IS NOT NULL AND product IS NOT NULL
  GROUP BY product
) AS paid
