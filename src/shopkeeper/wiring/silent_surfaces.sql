SELECT d.store AS store, d.surface AS surface, count(*) AS decisions, count(i.decision_id) AS seen
FROM human_decisions AS d
LEFT JOIN (
    SELECT DISTINCT store, decision_id
    FROM events
    WHERE decision_id IS NOT NULL AND type IN ('impression', 'click') AND ts >= $since
) AS i ON i.store = d.store AND i.decision_id = d.decision_id
WHERE d.ts >= $since AND d.surface IS NOT NULL AND d.results > 0 AND d.unit IS NOT NULL
GROUP BY d.store, d.surface
ORDER BY d.store, d.surface
