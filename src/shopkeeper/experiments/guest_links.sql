-- Who was signed in on a device (else in a session): the first and the last of their names.
SELECT
  store,
  CASE WHEN coalesce(visitor, '') <> '' THEN visitor ELSE session END AS guest,
  min("user") AS first_user,
  max("user") AS last_user
FROM events
WHERE coalesce("user", '') <> '' AND (coalesce(visitor, '') <> '' OR coalesce(session, '') <> '')
  AND type <> 'impression' AND ts >= $since AND ts < $until
GROUP BY store, CASE WHEN coalesce(visitor, '') <> '' THEN visitor ELSE session END
