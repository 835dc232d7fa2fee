-- Events of people, each once: of those that `event_repeats` counts as the same, the one with the least id.
SELECT *
FROM human_events
WHERE (store, event_id) NOT IN (
  SELECT store, event_id
  FROM (
    SELECT store, event_id, row_number() OVER (
      PARTITION BY
        store, coalesce("user", visitor, session, ''), type, coalesce(product, ''), coalesce(query, ''),
        coalesce(order_id, ''), coalesce(position, -1), date_trunc('second', ts),
        regexp_extract(coalesce(properties, ''), '"page_view_id":"?([^",}]*)', 1)
      ORDER BY event_id
    ) AS place
    FROM human_events
    WHERE coalesce("user", visitor, session, '') <> ''
  ) AS placed
  WHERE place > 1
)
