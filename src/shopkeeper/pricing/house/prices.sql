-- Shown prices from each moment on; a withdrawn price is a row without one.
SELECT
  product, coalesce(price_list, '') AS price_list, ts,
  CASE WHEN deleted THEN NULL ELSE price END AS price,
  CASE WHEN deleted THEN NULL ELSE list_price END AS list_price,
  CASE WHEN coalesce(promo, '') <> '' THEN 1 ELSE 0 END AS promoted
FROM prices_history
WHERE store = $store AND ts < $until AND source_ts <= $known
ORDER BY product, price_list, ts, source_ts, price, list_price, promoted
