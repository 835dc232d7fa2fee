-- Events of people per store and UTC day.
SELECT store, date_trunc('day', ts) AS day, count(*) AS events
FROM events
WHERE traffic = 'human'
GROUP BY store, date_trunc('day', ts)
ORDER BY store, day
