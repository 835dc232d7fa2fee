-- How a version in the shadow of a test answered beside live traffic, by time taken: a bucket is a 32nd of a doubling of
-- milliseconds.
SELECT
  CAST(floor(log2(greatest(coalesce(took_ms, 0e0), 0.001)) * 32) AS BIGINT) AS bucket,
  count(*) AS requests,
  sum(CASE WHEN error IS NOT NULL THEN 1 ELSE 0 END) AS errors,
  sum(CASE WHEN took_ms > $slow_ms THEN 1 ELSE 0 END) AS slow,
  count(agreement) AS compared,
  sum(coalesce(agreement, 0e0)) AS agreed,
  max(ts) AS newest
FROM shadow_answers
WHERE test = $test AND ts >= $since AND ts < $until
GROUP BY CAST(floor(log2(greatest(coalesce(took_ms, 0e0), 0.001)) * 32) AS BIGINT)
