-- What each competitor asked, as seen at each moment, of goods it had.
SELECT product, competitor, ts, CASE WHEN deleted OR NOT coalesce(in_stock, true) THEN NULL ELSE price END AS price
FROM competitor_prices_history
WHERE store = $store AND ts < $until AND source_ts <= $known
ORDER BY product, competitor, ts, source_ts, price
