SELECT min(ts) AS first FROM human_events
