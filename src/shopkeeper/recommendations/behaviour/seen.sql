-- Who showed interest in which product when: people only, products only, one row an event. Who gave a product less than
-- the middle of one star to five showed none (the rule in Python: commerce.event.meant).
-- key_kind and key_id say whose past the event belongs to; they are empty where no key was given or personalisation was
-- refused (on the event, else on the user record, else by the store), and such an event counts for popularity alone.
-- What came in after $known is not read: it was not known then, whenever it happened.
-- A user record that refuses now outweighs what older events said.
-- What a device did in a session before the first login in it is the user's, where the session on that device has one
-- user only: nothing after a logout and nothing of a shared device is joined. The rule in Python: identity.owners.
-- Classes of devices and referrers: the rules in Python are visit_facts.device_of and visit_facts.referrer_of.
WITH seen AS (
  SELECT
    customer_group, store, product, type, ts, event_id, categories, parent, device, referrer, place, stars,
    CASE
      WHEN allowed = 0 THEN ''
      WHEN user_id <> '' THEN 'user'
      WHEN visitor_id <> '' THEN 'visitor'
      WHEN session_id <> '' THEN 'session'
      ELSE ''
    END AS key_kind,
    CASE
      WHEN allowed = 0 THEN ''
      WHEN user_id <> '' THEN user_id
      WHEN visitor_id <> '' THEN visitor_id
      ELSE session_id
    END AS key_id
  FROM (
    SELECT
      coalesce(nullif(s.customer_group, ''), e.store) AS customer_group,
      e.store AS store,
      e.product AS product,
      e.type AS type,
      e.ts AS ts,
      e.event_id AS event_id,
      coalesce(e."user", '') AS user_id,
      coalesce(e.visitor, '') AS visitor_id,
      coalesce(e.session, '') AS session_id,
      coalesce(nullif(own.categories, '[]'), shared.categories, '[]') AS categories,
      coalesce(nullif(own.parent, ''), shared.parent, '') AS parent,
      e.device AS device,
      e.referrer AS referrer,
      e.place AS place,
      CASE WHEN e.type = 'rating' THEN coalesce(e.value, 0) ELSE 0 END AS stars,
      CASE
        WHEN coalesce(u.consent, '') LIKE '%"personalise":false%' THEN 0
        WHEN coalesce(everywhere.consent, '') LIKE '%"personalise":false%' THEN 0
        WHEN coalesce(e.consent, '') LIKE '%"personalise":false%' THEN 0
        WHEN coalesce(e.consent, '') LIKE '%"personalise":true%' THEN 1
        WHEN coalesce(u.consent, '') LIKE '%"personalise":true%' THEN 1
        WHEN coalesce(everywhere.consent, '') LIKE '%"personalise":true%' THEN 1
        WHEN coalesce(s.consent_default, '') LIKE '%"personalise":false%' THEN 0
        ELSE 1
      END AS allowed
    FROM (
      SELECT
        one.store AS store, one.product AS product, one.type AS type, one.ts AS ts, one.event_id AS event_id,
        one.visitor AS visitor, one.session AS session, one.value AS value, one.consent AS consent,
        CASE
          WHEN lower(concat(coalesce(one.device, ''), ' ', coalesce(one.user_agent, ''))) LIKE '%tablet%' THEN 3
          WHEN lower(coalesce(one.device, '')) LIKE '%ipad%' THEN 3
          WHEN lower(concat(coalesce(one.device, ''), ' ', coalesce(one.user_agent, ''))) LIKE '%mobile%' THEN 2
          WHEN lower(coalesce(one.device, '')) LIKE '%phone%' THEN 2
          WHEN lower(concat(coalesce(one.device, ''), ' ', coalesce(one.user_agent, ''))) LIKE '%desktop%' THEN 1
          WHEN lower(coalesce(one.device, '')) LIKE '%laptop%' THEN 1
          ELSE 0
        END AS device,
        CASE
          WHEN coalesce(one.referrer, '') = '' THEN 0
          WHEN lower(one.referrer) LIKE '%//mail.%' THEN 1
          WHEN lower(one.referrer) LIKE '%outlook.%' THEN 1
          WHEN lower(one.referrer) LIKE '%medium=email%' THEN 1
          WHEN lower(one.referrer) LIKE '%google.%' THEN 2
          WHEN lower(one.referrer) LIKE '%bing.%' THEN 2
          WHEN lower(one.referrer) LIKE '%duckduckgo.%' THEN 2
          WHEN lower(one.referrer) LIKE '%yahoo.%' THEN 2
          WHEN lower(one.referrer) LIKE '%ecosia.%' THEN 2
          WHEN lower(one.referrer) LIKE '%facebook.%' THEN 3
          WHEN lower(one.referrer) LIKE '%instagram.%' THEN 3
          WHEN lower(one.referrer) LIKE '%tiktok.%' THEN 3
          WHEN lower(one.referrer) LIKE '%pinterest.%' THEN 3
          WHEN lower(one.referrer) LIKE '%youtube.%' THEN 3
          WHEN lower(one.referrer) LIKE '%reddit.%' THEN 3
          WHEN lower(one.referrer) LIKE '%//t.co/%' THEN 3
          ELSE 4
        END AS referrer,
        CASE
          WHEN one.type = 'click' AND coalesce(one.decision_id, '') <> '' THEN coalesce(one.position, 0)
          ELSE 0
        END AS place,
        CASE
          WHEN coalesce(one."user", '') <> '' THEN one."user"
          WHEN one.ts <= login.first_ts THEN login.only_user
          ELSE ''
        END AS "user"
      FROM human_events AS one
      LEFT JOIN (
        SELECT
          store AS login_store, session AS login_session, coalesce(visitor, '') AS login_visitor,
          min(ts) AS first_ts, min("user") AS only_user, max("user") AS last_user
        FROM events
        WHERE coalesce("user", '') <> '' AND coalesce(session, '') <> '' AND coalesce(received_at, ts) <= $known
        GROUP BY store, session, coalesce(visitor, '')
      ) AS login
        ON login.login_store = one.store AND login.login_session = one.session
        AND login.login_visitor = coalesce(one.visitor, '') AND login.only_user = login.last_user
      WHERE coalesce(one.received_at, one.ts) <= $known
    ) AS e
    LEFT JOIN stores AS s ON s.store = e.store
    LEFT JOIN users AS u ON u."user" = e."user" AND u.store = e.store
    LEFT JOIN users AS everywhere ON everywhere."user" = e."user" AND coalesce(everywhere.store, '') = ''
    LEFT JOIN products AS own ON own.product = e.product AND own.store = e.store
    LEFT JOIN products AS shared ON shared.product = e.product AND coalesce(shared.store, '') = ''
    WHERE e.type IN ('view', 'click', 'rating', 'cart', 'checkout', 'purchase')
      AND NOT (e.type = 'rating' AND coalesce(e.value, 3) < 3)
      AND coalesce(e.product, '') <> ''
      AND e.ts < $until
      AND coalesce(nullif(own.kind, ''), nullif(shared.kind, ''), 'product') IN ('product', 'bundle')
  ) AS joined
)
