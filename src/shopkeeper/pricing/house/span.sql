-- First and last purchase of people in a store.
SELECT min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS purchases
FROM human_events
WHERE store = $store AND type = 'purchase' AND ts < $until AND coalesce(received_at, ts) <= $known
