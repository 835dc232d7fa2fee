-- Events of people: neither classified as they arrived nor, later, by a verdict on their session (or else device) and day.
SELECT *
FROM events
WHERE coalesce(traffic, 'human') = 'human'
  AND (
    store,
    CASE WHEN coalesce(session, '') <> '' THEN 'session' ELSE 'visitor' END,
    CASE WHEN coalesce(session, '') <> '' THEN session ELSE coalesce(visitor, '') END,
    CAST(ts AS DATE)
  ) NOT IN (SELECT store, kind, subject, CAST(ts AS DATE) FROM traffic_verdicts WHERE traffic <> 'human')
