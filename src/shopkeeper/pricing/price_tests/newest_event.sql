-- When a store last told of anything a shopper did.
SELECT max(ts) AS newest FROM events WHERE store = $store AND ts < $until
