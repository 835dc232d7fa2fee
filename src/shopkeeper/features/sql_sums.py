"""From events of people to sums by entity and UTC day: the first half of what definitions are compiled to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from shopkeeper.commerce.event import EventType
from shopkeeper.features.definitions import FEATURES
from shopkeeper.features.kinds import ENTITIES, EntityName, Feature
from shopkeeper.features.partials import DayTable, Members, Partial, day_tables, members_of

DAY_US: Final = "86400e6"
"""Microseconds of a day, as no engine takes for a decimal."""


def seen_sql(condition: str = "1 = 1") -> str:
    """Return a SELECT of the events of people, with all that day tables read.

    Args:
        condition: What else an event `e` must meet, such as a range of `e.ts`.
    """
    return f"""
SELECT
  coalesce(nullif(s.customer_group, ''), e.store) AS customer_group,
  e.store AS store,
  coalesce(e."user", '') AS user_id,
  coalesce(e.session, '') AS session_id,
  coalesce(e.product, '') AS product,
  e.type AS type,
  e.ts AS ts,
  CAST(e.ts AS DATE) AS day,
  coalesce(e.quantity, 1e0) AS units,
  coalesce(e.quantity, 1e0) * coalesce(e.price, 0e0) AS revenue,
  e.price AS price,
  CASE
    WHEN coalesce(e.consent, '') LIKE '%"personalise":false%' THEN 0
    WHEN coalesce(e.consent, '') LIKE '%"personalise":true%' THEN 1
    WHEN coalesce(s.consent_default, '') LIKE '%"personalise":false%' THEN 0
    ELSE 1
  END AS allowed
FROM human_events AS e
LEFT JOIN stores AS s ON s.store = e.store
WHERE {condition}"""


def sums_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[DayTable | Members, ...]:
    """Return all tables an entity's features are computed from."""
    listed = tuple(features)
    return (*day_tables(entity, listed), *members_of(entity, listed))


def sums_sql(table: DayTable | Members, source: str = "seen") -> str:
    """Return a SELECT of one table of sums.

    Args:
        source: `seen`, or a relation with its rows of `BOUGHT` where the table needs no others.
    """
    return _day_sums(table, source) if isinstance(table, DayTable) else _member_rows(table, source)


def _day_sums(table: DayTable, source: str) -> str:
    """Return a SELECT of keys, `day` and one column a partial."""
    who = ENTITIES[table.entity]
    relevant = tuple(dict.fromkeys(event for partial in table.partials for event in partial.events))
    sums = "".join(f",\n  {partial_sql(partial)} AS {partial.name}" for partial in table.partials)
    return f"""
SELECT {who.scope} AS scope, {", ".join(who.ids)}, day{sums}
FROM {source}
WHERE {_about(who.ids, who.personal)} AND {among(relevant)}
GROUP BY {who.scope}, {", ".join(who.ids)}, day"""


def _member_rows(members: Members, source: str) -> str:
    """Return a SELECT of keys, `day` and `member`, each once."""
    who = ENTITIES[members.entity]
    named = _about((*who.ids, members.member), who.personal or members.member == "user_id")
    return f"""
SELECT DISTINCT {who.scope} AS scope, {", ".join(who.ids)}, day, {members.member} AS member
FROM {source}
WHERE {named} AND {among(members.events)}"""


def partial_sql(partial: Partial) -> str:  # noqa: PLR0911 - one a kind
    """Return the aggregate of a partial over rows of `seen`."""
    meant = among(partial.events)
    match partial.kind:
        case "count":
            return f"count(CASE WHEN {meant} THEN 1 END)"
        case "days":
            return f"max(CASE WHEN {meant} THEN 1 ELSE 0 END)"
        case "quantity":
            return f"sum(CASE WHEN {meant} THEN units ELSE 0e0 END)"
        case "revenue":
            return f"sum(CASE WHEN {meant} THEN revenue ELSE 0e0 END)"
        case "price":
            return f"sum(CASE WHEN {meant} AND price IS NOT NULL THEN price ELSE 0e0 END)"
        case "priced":
            return f"count(CASE WHEN {meant} AND price IS NOT NULL THEN 1 END)"
        case "last":
            return f"max(CASE WHEN {meant} THEN ts END)"
        case "decayed":
            share = f"date_diff('microsecond', CAST(day AS TIMESTAMP), ts) / {DAY_US}"
            return f"sum(CASE WHEN {meant} THEN pow(2e0, {share} / {partial.half_life}e0) ELSE 0e0 END)"


def among(events: tuple[EventType, ...]) -> str:
    """Return the SQL condition that an event is of one of these types."""
    return "type IN (" + ", ".join(f"'{event}'" for event in events) + ")"


def _about(ids: Sequence[str], personal: bool) -> str:
    named = " AND ".join(f"{column} <> ''" for column in ids)
    return f"{named} AND allowed = 1" if personal else named
