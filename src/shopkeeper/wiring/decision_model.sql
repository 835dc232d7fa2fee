SELECT decision_id, ts, store, system, surface, model, variant, fallback
FROM decisions
WHERE decision_id = $decision
ORDER BY ts, store
