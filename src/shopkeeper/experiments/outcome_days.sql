-- Per owner and UTC day: visits (a session, or else a device, on that day), seconds from their first to their last event, and
-- counts of events; each also of what was early. A machine says so itself; of a suspect a verdict of its day says so.
SELECT
  v.store AS store, v.owner AS owner, v.day AS day,
  max(v.machine) AS machine,
  max(CASE WHEN t.judged_subject IS NULL THEN 0 ELSE 1 END) AS suspect,
  max(v.signed) AS signed,
  count(*) + 0e0 AS visits,
  sum(CASE WHEN v.late_ms IS NULL THEN 1e0 ELSE 0e0 END) AS visits_early,
  sum((v.last_ms - v.first_ms) / 1e3) AS seconds,
  sum((coalesce(v.late_ms, v.last_ms) - v.first_ms) / 1e3) AS seconds_early{sums}
FROM (
  SELECT
    store, owner, day, visit_kind, visit,
    max(machine) AS machine, max(signed) AS signed,
    min(date_diff('millisecond', CAST('1970-01-01 00:00:00' AS TIMESTAMP), ts)) AS first_ms,
    max(date_diff('millisecond', CAST('1970-01-01 00:00:00' AS TIMESTAMP), ts)) AS last_ms,
    min(CASE WHEN early = 0 THEN date_diff('millisecond', CAST('1970-01-01 00:00:00' AS TIMESTAMP), ts) END) AS late_ms{counts}
  FROM touched
  WHERE type <> 'refund'
  GROUP BY store, owner, day, visit_kind, visit
) AS v
LEFT JOIN (
  SELECT store AS judged_store, kind AS judged_kind, subject AS judged_subject, CAST(ts AS DATE) AS judged_day
  FROM traffic_verdicts
  WHERE traffic <> 'human'
  GROUP BY store, kind, subject, CAST(ts AS DATE)
) AS t ON t.judged_store = v.store AND t.judged_kind = v.visit_kind AND t.judged_subject = v.visit AND t.judged_day = v.day
GROUP BY v.store, v.owner, v.day
