-- How much of the events of people of a store is filled in, from a moment on.
SELECT
  store,
  count(*) AS events,
  sum(CASE WHEN "user" IS NOT NULL THEN 1 ELSE 0 END) AS with_user,
  sum(CASE WHEN "user" IS NOT NULL OR visitor IS NOT NULL OR session IS NOT NULL THEN 1 ELSE 0 END) AS with_shopper,
  sum(CASE WHEN type IN ('impression', 'view', 'click', 'cart', 'remove', 'purchase', 'refund', 'rating', 'dismiss')
    THEN 1 ELSE 0 END) AS about_product,
  sum(CASE WHEN type IN ('impression', 'view', 'click', 'cart', 'remove', 'purchase', 'refund', 'rating', 'dismiss')
    AND product IS NOT NULL THEN 1 ELSE 0 END) AS with_product,
  sum(CASE WHEN type = 'purchase' THEN 1 ELSE 0 END) AS purchases,
  sum(CASE WHEN type = 'purchase' AND price IS NOT NULL THEN 1 ELSE 0 END) AS with_price,
  sum(CASE WHEN type = 'purchase' AND quantity IS NOT NULL THEN 1 ELSE 0 END) AS with_quantity,
  sum(CASE WHEN type = 'purchase' AND order_id IS NOT NULL THEN 1 ELSE 0 END) AS with_order,
  max(ts) AS newest
FROM human_events
WHERE store = $store AND ts >= $since
GROUP BY store
