-- Which products people clicked in answers that chance had a part in, before $until and as it was known at $known.
SELECT DISTINCT c.store AS store, c.decision_id AS decision_id, c.product AS product
FROM human_events AS c
JOIN (
  SELECT DISTINCT store AS drawn_store, decision_id AS drawn_id
  FROM human_decisions
  WHERE system = 'recommendations' AND ts < $until AND ts <= $known AND coalesce(answer, '') LIKE '%"policy":"drawn"%'
) AS d ON d.drawn_store = c.store AND d.drawn_id = c.decision_id
WHERE c.type = 'click' AND coalesce(c.product, '') <> '' AND c.ts < $until AND coalesce(c.received_at, c.ts) <= $known
ORDER BY store, decision_id, product
