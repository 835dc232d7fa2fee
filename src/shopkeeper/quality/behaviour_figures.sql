-- What each session did on one UTC day, or each device where events name no session, in figures that rules judge: people
-- only as far as their events say, at least $pages pages looked at. What happens within one second counts as one moment,
-- so a page reported twice, or times without seconds, look no faster than a person.
-- shoppers and shown_shoppers: sessions of the day that surely were people, and those of them that were shown lists.
WITH marked AS (
  SELECT
    store,
    CASE WHEN coalesce(session, '') <> '' THEN 'session' ELSE 'visitor' END AS kind,
    CASE WHEN coalesce(session, '') <> '' THEN session ELSE coalesce(visitor, '') END AS subject,
    CAST(ts AS DATE) AS day,
    date_diff('millisecond', CAST('1970-01-01 00:00:00' AS TIMESTAMP), ts) AS ms,
    type,
    coalesce(product, '') AS product,
    CASE WHEN coalesce("user", '') <> '' OR type IN ('cart', 'checkout', 'purchase', 'rating', 'identify')
      THEN 1 ELSE 0 END AS engaged
  FROM events
  WHERE traffic = 'human' AND ts >= $since AND ts < $until
    AND (coalesce(session, '') <> '' OR coalesce(visitor, '') <> '')
), sessions AS (
  SELECT
    store, kind, subject, day,
    sum(CASE WHEN type = 'view' THEN 1 ELSE 0 END) AS pages,
    sum(engaged) AS engaged,
    sum(CASE WHEN type = 'impression' THEN 1 ELSE 0 END) AS impressions,
    max(ms) AS last_ms
  FROM marked
  GROUP BY store, kind, subject, day
), days AS (
  SELECT
    store, day,
    sum(CASE WHEN pages > 1 AND engaged > 0 THEN 1 ELSE 0 END) AS shoppers,
    sum(CASE WHEN pages > 1 AND engaged > 0 AND impressions > 0 THEN 1 ELSE 0 END) AS shown_shoppers
  FROM sessions
  GROUP BY store, day
), moments AS (
  SELECT m.store AS store, m.kind AS kind, m.subject AS subject, m.day AS day,
    min(m.ms) AS ms, max(m.product) AS product
  FROM marked AS m
  JOIN sessions AS s ON s.store = m.store AND s.kind = m.kind AND s.subject = m.subject AND s.day = m.day
  WHERE m.type = 'view' AND s.pages >= $pages
  GROUP BY m.store, m.kind, m.subject, m.day, floor(m.ms / 1000)
), steps AS (
  SELECT
    store, kind, subject, day, ms, product,
    row_number() OVER (PARTITION BY store, kind, subject, day ORDER BY ms) AS place,
    max(ms) OVER (
      PARTITION BY store, kind, subject, day ORDER BY ms ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING
    ) AS ms_before,
    max(product) OVER (
      PARTITION BY store, kind, subject, day ORDER BY ms ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING
    ) AS product_before,
    count(*) OVER (
      PARTITION BY store, kind, subject, day ORDER BY ms RANGE BETWEEN 59999 PRECEDING AND CURRENT ROW
    ) AS in_a_minute
  FROM moments
), judged AS (
  SELECT
    store, kind, subject, day,
    count(*) AS moments,
    max(in_a_minute) AS fastest,
    sum(CASE WHEN ms % 60000 = 0 THEN 1 ELSE 0 END) AS whole_minutes,
    sum(CASE WHEN place > 1 AND ms - ms_before <= $break_ms THEN 1 ELSE 0 END) AS gaps,
    sum(CASE WHEN place > 1 AND ms - ms_before <= $break_ms THEN (ms - ms_before) / 1000.0 ELSE 0.0 END) AS gap_sum,
    sum(CASE WHEN place > 1 AND ms - ms_before <= $break_ms
      THEN (ms - ms_before) / 1000.0 * ((ms - ms_before) / 1000.0) ELSE 0.0 END) AS gap_squares,
    sum(CASE WHEN place > 1 AND product <> product_before THEN 1 ELSE 0 END) AS steps,
    sum(CASE WHEN place > 1 AND (char_length(product) > char_length(product_before)
      OR (char_length(product) = char_length(product_before) AND product > product_before)) THEN 1 ELSE 0 END) AS ascending
  FROM steps
  GROUP BY store, kind, subject, day
)
SELECT
  j.store AS store, j.kind AS kind, j.subject AS subject, j.day AS day, s.pages AS pages, s.engaged AS engaged,
  s.impressions AS impressions, s.last_ms AS last_ms, j.moments AS moments, j.fastest AS fastest,
  j.whole_minutes AS whole_minutes, j.gaps AS gaps, j.gap_sum AS gap_sum, j.gap_squares AS gap_squares,
  j.steps AS steps, j.ascending AS ascending, d.shoppers AS shoppers, d.shown_shoppers AS shown_shoppers
FROM judged AS j
JOIN sessions AS s ON s.store = j.store AND s.kind = j.kind AND s.subject = j.subject AND s.day = j.day
JOIN days AS d ON d.store = j.store AND d.day = j.day
ORDER BY store, day, kind, subject
