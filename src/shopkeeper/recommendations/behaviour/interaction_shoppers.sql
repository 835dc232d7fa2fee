SELECT customer_group, key_kind, key_id, count(*) AS events
FROM seen
WHERE key_kind <> ''
GROUP BY customer_group, key_kind, key_id
ORDER BY customer_group, key_kind, key_id
