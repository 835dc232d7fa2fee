-- Events of people in one store that say the same under different ids: the same user (else visitor, else session), type,
-- product, query, order, place in a list and page view, within one second. repeated: those beyond the first.
SELECT coalesce(sum(times), 0) AS events, coalesce(sum(times - 1), 0) AS repeated
FROM (
  SELECT count(DISTINCT event_id) AS times
  FROM human_events
  WHERE store = $store AND coalesce("user", visitor, session, '') <> ''
  GROUP BY
    coalesce("user", visitor, session, ''), type, coalesce(product, ''), coalesce(query, ''), coalesce(order_id, ''),
    coalesce(position, -1), date_trunc('second', ts),
    regexp_extract(coalesce(properties, ''), '"page_view_id":"?([^",}]*)', 1)
) AS same
