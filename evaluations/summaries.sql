-- The interval that holds at every checkpoint, written a second time: the delta method for the relative effect, and
-- equations 9 and 161 of Waudby-Smith et al. (arXiv 2103.06476v7), tuned at the last usable checkpoint.
WITH usable AS (
  SELECT experiment_id, variant_id, metric_id, time_since_start, count_c + count_t AS n,
    (mean_t - mean_c) / abs(mean_c) AS effect,
    variance_t / (mean_c * mean_c * count_t) + variance_c * mean_t * mean_t / (power(mean_c, 4) * count_c) AS variance
  FROM read_parquet($file)
  WHERE count_c >= 2 AND count_t >= 2 AND mean_c <> 0
    AND variance_t / count_t + variance_c * mean_t * mean_t / (mean_c * mean_c * count_c) > 0
), tuned AS (
  SELECT *, last_value(n) OVER (
      PARTITION BY experiment_id, variant_id, metric_id ORDER BY time_since_start
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS planned
  FROM usable
), width AS (
  SELECT *, n * (-2 * ln($alpha) + ln(-2 * ln($alpha) + 1)) / planned AS scaled FROM tuned
)
SELECT experiment_id, variant_id, metric_id, time_since_start,
  effect - sqrt(variance * 2 * (scaled + 1) / scaled * ln(sqrt(scaled + 1) / $alpha)) AS low,
  effect + sqrt(variance * 2 * (scaled + 1) / scaled * ln(sqrt(scaled + 1) / $alpha)) AS high
FROM width
