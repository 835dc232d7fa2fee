-- Verdicts about traffic of the days from $since on.
SELECT store, kind, subject, ts FROM traffic_verdicts WHERE ts >= $since ORDER BY store, ts, kind, subject
