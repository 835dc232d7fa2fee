-- Units on hand from each moment on; a record that was taken back says nothing.
SELECT product, ts, CASE WHEN deleted THEN NULL ELSE on_hand END AS on_hand, inbound, lead_time_days
FROM inventory_history
WHERE store = $store AND ts < $until AND source_ts <= $known
ORDER BY product, ts, source_ts, on_hand, inbound, lead_time_days
