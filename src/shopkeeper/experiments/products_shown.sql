-- Of the products each store has on sale, how many were shown, by arm and allocation.
SELECT shown.store AS store, shown.epoch AS epoch, shown.variant AS variant, count(*) AS products, max(sold.on_sale) AS on_sale
FROM (SELECT store, epoch, variant, product FROM outcome_shown GROUP BY store, epoch, variant, product) AS shown
JOIN (
  SELECT store AS sale_store, product AS sale_product
  FROM ({offers}) AS every
  GROUP BY store, product
) AS sale ON sale.sale_store = shown.store AND sale.sale_product = shown.product
JOIN (
  SELECT sold_store, count(*) AS on_sale
  FROM (SELECT store AS sold_store, product AS sold_product FROM ({offers}) AS every GROUP BY store, product) AS each_once
  GROUP BY sold_store
) AS sold ON sold.sold_store = shown.store
GROUP BY shown.store, shown.epoch, shown.variant
ORDER BY store, epoch, variant
