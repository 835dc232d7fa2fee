-- How each arm of a test was answered, by time taken: a bucket is a 32nd of a doubling of milliseconds.
SELECT
  store, epoch, variant,
  CAST(floor(log2(greatest(coalesce(took_ms, 0e0), 0.001)) * 32) AS BIGINT) AS bucket,
  count(*) AS requests,
  sum(CASE WHEN fallback = 'unanswered' THEN 1 ELSE 0 END) AS errors,
  sum(CASE WHEN fallback IS NOT NULL AND fallback <> 'unanswered' THEN 1 ELSE 0 END) AS fallbacks,
  sum(CASE WHEN took_ms > $slow_ms THEN 1 ELSE 0 END) AS slow,
  max(ts) AS newest
FROM decisions
WHERE test = $test AND ts >= $since AND ts < $until
GROUP BY store, epoch, variant, CAST(floor(log2(greatest(coalesce(took_ms, 0e0), 0.001)) * 32) AS BIGINT)
