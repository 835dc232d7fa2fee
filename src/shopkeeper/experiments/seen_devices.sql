-- Kinds of device a shopper came with on a UTC day, and when first.
SELECT store, owner, day, device_kind, min(ts) AS first_ts
FROM (
  SELECT
    store, coalesce(nullif("user", ''), nullif(visitor, ''), nullif(session, ''), '') AS owner, CAST(ts AS DATE) AS day, ts,
    {kind} AS device_kind
  FROM events
  WHERE coalesce(device, '') <> '' AND ts >= $since AND ts < $until
) AS said
GROUP BY store, owner, day, device_kind
