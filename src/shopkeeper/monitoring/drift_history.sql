SELECT min(ts) AS first FROM events
