-- Decisions made for people: those whose session, or else unit, no verdict of their day speaks about.
SELECT *
FROM decisions
WHERE (
    store,
    CASE WHEN coalesce(session, '') <> '' THEN 'session' ELSE 'visitor' END,
    CASE WHEN coalesce(session, '') <> '' THEN session ELSE coalesce(unit, '') END,
    CAST(ts AS DATE)
  ) NOT IN (SELECT store, kind, subject, CAST(ts AS DATE) FROM traffic_verdicts WHERE traffic <> 'human')
