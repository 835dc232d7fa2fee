-- Per owner, UTC day and device (else session): visits, seconds from their first to their last event, counts of events; each
-- also of early visits: over before the owner's first decision of the test on that day. Who was signed in there.
-- A machine says so itself; of a suspect a verdict of its day says so.
SELECT
  store, owner, day, device AS guest, max(says_user) AS signed,
  max(says_machine) AS machine, max(suspected) AS suspect,
  count(*) + 0e0 AS visits,
  sum(early) + 0e0 AS visits_early,
  sum(spent) AS seconds,
  sum(spent * early) AS seconds_early{sums}
FROM (
  SELECT
    v.*,
    date_diff('millisecond', v.began, v.ended) / 1e3 AS spent,
    CASE WHEN t.judged_subject IS NULL THEN 0 ELSE 1 END AS suspected,
    CASE WHEN s.start_ts IS NULL OR v.ended < s.start_ts THEN 1 ELSE 0 END AS early
  FROM (
    SELECT
      store, owner, day, in_session, visit, max(guest) AS device, max(signed) AS says_user,
      max(machine) AS says_machine, min(first_ts) AS began, max(last_ts) AS ended{visits}
    FROM outcome_rows
    WHERE owner <> '' AND money <> 'refund'
    GROUP BY store, owner, day, in_session, visit
  ) AS v
  LEFT JOIN (
    SELECT store AS start_store, unit AS start_unit, day AS start_day, min(first_ts) AS start_ts
    FROM exposed_days
    GROUP BY store, unit, day
  ) AS s ON s.start_store = v.store AND s.start_unit = v.owner AND s.start_day = v.day
  LEFT JOIN (
    SELECT
      store AS judged_store, CASE WHEN kind = 'session' THEN 1 ELSE 0 END AS judged_kind, subject AS judged_subject,
      CAST(ts AS DATE) AS judged_day
    FROM traffic_verdicts
    WHERE traffic <> 'human'
    GROUP BY store, kind, subject, CAST(ts AS DATE)
  ) AS t ON t.judged_store = v.store AND t.judged_kind = v.in_session AND t.judged_subject = v.visit AND t.judged_day = v.day
) AS of_visits
GROUP BY store, owner, day, device
