-- What happened but for refunds: by owner, UTC day, visit (a session, or else a device) and the decision it names.
-- An event belongs to the unit whose decision of the test it names, if that is of its own UTC day or one of the {attribution}
-- before; else to the user, else the device, else the session.
-- Added up by what the rows say before anything is worked out: a few rows a visit are left of all its events.
SELECT
  store, owner, day,
  CASE WHEN coalesce(session, '') <> '' THEN 1 ELSE 0 END AS in_session,
  CASE WHEN coalesce(session, '') <> '' THEN session ELSE coalesce(visitor, '') END AS visit,
  CASE WHEN coalesce(visitor, '') <> '' THEN visitor ELSE coalesce(session, '') END AS guest,
  CASE WHEN user_name = owner THEN 1 ELSE 0 END AS signed,
  machine, first_ts, last_ts{seen}
FROM (
  SELECT
    s.*,
    coalesce(
      CASE WHEN l.led_day >= s.day - {attribution} AND l.led_day <= s.day THEN l.led_unit END,
      nullif(s.user_name, ''), nullif(s.visitor, ''), nullif(s.session, ''), ''
    ) AS owner
  FROM (
    SELECT
      store, "user" AS user_name, visitor, session, decision_id, CAST(ts AS DATE) AS day,
      min(ts) AS first_ts, max(ts) AS last_ts,
      max(CASE WHEN traffic <> 'human' AND traffic_rule IN ({arm_blind}) THEN 1 ELSE 0 END) AS machine{counts}
    FROM events
    WHERE ts >= $since AND ts < $until AND type <> 'refund'
    GROUP BY store, "user", visitor, session, decision_id, CAST(ts AS DATE)
  ) AS s
  LEFT JOIN led_decisions AS l ON l.led_store = s.store AND l.led_id = s.decision_id
) AS owned
WHERE owner <> ''
