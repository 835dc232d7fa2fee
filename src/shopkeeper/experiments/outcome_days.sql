-- Visits by owner and UTC day: device (else session), seconds from first to last event, counts of events, and whether they
-- are early: over before the owner's first decision of the test on that day. Who was signed in there.
-- A machine says so itself; of a suspect a verdict of its day says so.
SELECT
  v.store AS store, v.owner AS owner, v.day AS day, v.device AS guest, v.says_user AS signed, v.says_machine AS machine,
  CASE WHEN t.judged_subject IS NULL THEN 0 ELSE 1 END AS suspect,
  CASE WHEN s.first_ts IS NULL OR v.ended < s.first_ts THEN 1 ELSE 0 END AS early,
  date_diff('millisecond', v.began, v.ended) / 1e3 AS seconds{sums}
FROM (
  SELECT
    store, owner, day, in_session, visit, max(guest) AS device, max(signed) AS says_user,
    max(machine) AS says_machine, min(first_ts) AS began, max(last_ts) AS ended{visits}
  FROM outcome_rows
  GROUP BY store, owner, day, in_session, visit
) AS v
LEFT JOIN exposed_days AS s ON s.store = v.store AND s.unit = v.owner AND s.day = v.day
LEFT JOIN (
  SELECT
    store AS judged_store, CASE WHEN kind = 'session' THEN 1 ELSE 0 END AS judged_kind, subject AS judged_subject,
    CAST(ts AS DATE) AS judged_day
  FROM traffic_verdicts
  WHERE traffic <> 'human'
  GROUP BY store, kind, subject, CAST(ts AS DATE)
) AS t ON t.judged_store = v.store AND t.judged_kind = v.in_session AND t.judged_subject = v.visit AND t.judged_day = v.day
