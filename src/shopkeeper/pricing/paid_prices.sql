-- What ordinary shoppers paid for one unit of each product of a store since a moment, in the store's own money: each price, how
-- often, and when last. Whoever has another price list than the retail ones pays by that one and says nothing here.
SELECT product, price, count(*) AS purchases, max(ts) AS last_ts
FROM (
  SELECT one.product AS product, one.price AS price, one.ts AS ts, coalesce(one."user", '') AS buyer
  FROM human_events AS one
  WHERE one.store = $store AND one.type = 'purchase' AND one.ts >= $since AND one.product IS NOT NULL
    AND one.price IS NOT NULL AND coalesce(one.currency, '') IN ('', $currency)
) AS e
LEFT JOIN users AS own ON own."user" = e.buyer AND own.store = $store
LEFT JOIN users AS everywhere ON everywhere."user" = e.buyer AND coalesce(everywhere.store, '') = ''
WHERE coalesce(own.price_list, everywhere.price_list, '') IN ({retail})
GROUP BY product, price
