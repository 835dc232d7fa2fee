"""Definitions compiled to SQL that DuckDB and ClickHouse read alike: day tables, features at a cutoff, training rows.

The steps, each one statement over relations given by name:

    events, stores --seen_sql--> seen --buckets_sql, member_rows_sql--> ENTITY_days, MEMBERS tables (one UTC day a row)
    ENTITY_days + the current day's events --as_of_sql--> features of every entity at $at
    ENTITY_days + examples + events --training_sql (see sql_training)--> features of each example at its own `at`

All times are UTC without offset. On ClickHouse the client must set `join_use_nulls = 1` and the time zone UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shopkeeper.commerce.event import EventType
from shopkeeper.features.definitions import FEATURES, features_of
from shopkeeper.features.kinds import (
    ENTITIES,
    HORIZON_DAYS,
    Age,
    Attribute,
    Decayed,
    Distinct,
    Entity,
    EntityName,
    Feature,
    MeanPrice,
    Ratio,
)
from shopkeeper.features.partials import Members, Partial, Windowed, members_of, partials_of, windowed, windowed_of
from shopkeeper.features.sql_attributes import attribute_value, records_sql

_DAY_US = "86400e6"


def days_table(entity: EntityName) -> str:
    """Return the name of an entity's day table."""
    return f"{entity}_days"


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
FROM events AS e
LEFT JOIN stores AS s ON s.store = e.store
WHERE coalesce(e.traffic, 'human') = 'human' AND {condition}"""


def buckets_sql(entity: EntityName, features: Iterable[Feature] = FEATURES) -> str:
    """Return a SELECT of an entity's day table from `seen`: keys, `day` and one column a partial."""
    who = ENTITIES[entity]
    partials = partials_of(entity, features)
    relevant = tuple(dict.fromkeys(event for partial in partials for event in partial.events))
    sums = "".join(f",\n  {partial_sql(partial)} AS {partial.name}" for partial in partials)
    return f"""
SELECT {who.scope} AS scope, {", ".join(who.ids)}, day{sums}
FROM seen
WHERE {_about(who.ids, who.personal)} AND {among(relevant)}
GROUP BY {who.scope}, {", ".join(who.ids)}, day"""


def member_rows_sql(members: Members) -> str:
    """Return a SELECT of a member table from `seen`: keys, `day` and `member`, each once."""
    who = ENTITIES[members.entity]
    named = _about((*who.ids, members.member), who.personal or members.member == "user_id")
    return f"""
SELECT DISTINCT {who.scope} AS scope, {", ".join(who.ids)}, day, {members.member} AS member
FROM seen
WHERE {named} AND {among(members.events)}"""


def as_of_sql(entity: EntityName, features: Iterable[Feature] = FEATURES, *, condition: str = "1 = 1") -> str:
    """Return a SELECT of keys and features of every entity at `$at`, from `seen` of the current day up to `$at`.

    Entities without an event within the horizon have no row.

    Args:
        condition: What the keys must meet, such as `scope = $scope AND user_id = $user_id`.
    """
    features = tuple(features)
    who = ENTITIES[entity]
    keys = ", ".join(who.keys)
    day = "CAST($at AS DATE)"
    stored = f"day >= {day} - {HORIZON_DAYS} AND day < {day} AND {condition}"
    columns = f"{keys}, day, {', '.join(partial.name for partial in partials_of(entity, features))}"
    with_parts = [
        f"buckets AS (SELECT {columns} FROM {days_table(entity)} WHERE {stored}\n"
        f"UNION ALL SELECT {columns} FROM ({buckets_sql(entity, features)}) AS fresh WHERE {condition})",
        f"summed AS (SELECT {keys}, {window_sums(windowed_of(entity, features), day)} FROM buckets GROUP BY {keys})",
    ]
    joins, chosen = "", "w.*"
    for number, members in enumerate(members_of(entity, features)):
        counted = distinct_counts(members, features, day)
        with_parts.append(
            f"counted_{number} AS (SELECT {keys}, {', '.join(counted)} FROM (\n"
            f"SELECT {keys}, day, member FROM {members.table} WHERE {stored}\n"
            f"UNION ALL SELECT {keys}, day, member FROM ({member_rows_sql(members)}) AS fresh WHERE {condition}\n"
            f") AS met GROUP BY {keys})"
        )
        joins += f"\nLEFT JOIN counted_{number} AS m{number} ON {_same(who.keys, f'm{number}', 'w')}"
        chosen += "".join(f", m{number}.{name}" for name in distinct_names(members, features))
    with_parts.append(
        f"known AS (SELECT {chosen}, {day} AS d, CAST($at AS TIMESTAMP) AS moment FROM summed AS w{joins})"
    )
    return finished_sql(entity, features, with_parts, who.keys)


def finished_sql(
    entity: EntityName, features: Iterable[Feature], with_parts: Sequence[str], keys: Sequence[str]
) -> str:
    """Return the whole SELECT: keys and each feature by its name, from the relation `known`.

    Args:
        with_parts: The statements before, of which the last is `known`: keys, `scope` and ids, `d`, `moment`, windowed
            sums and distinct counts.
        keys: Columns that name one row of `known`.
    """
    own = features_of(entity, features)
    attributes = [feature for feature in own if isinstance(feature, Attribute)]
    parts, join = list(with_parts), ""
    if attributes:
        parts.append(f"recorded AS ({records_sql(attributes, keys)})")
        join = f"\nLEFT JOIN recorded AS a ON {_same(keys, 'a', 'k')}"
    columns = "".join(f",\n  {_value(feature)} AS {feature.name}" for feature in own)
    named = ", ".join(f"k.{key} AS {key}" for key in keys)
    return f"WITH {', '.join(parts)}\nSELECT {named}{columns}\nFROM known AS k{join}"


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
            share = f"date_diff('microsecond', CAST(day AS TIMESTAMP), ts) / {_DAY_US}"
            return f"sum(CASE WHEN {meant} THEN pow(2e0, {share} / {partial.half_life}e0) ELSE 0e0 END)"


def window_sums(parts: Iterable[Windowed], day: str, prefix: str = "") -> str:
    """Return the windowed sums of bucket rows as of the first moment of `day`, an SQL expression of a date."""
    return ",\n  ".join(f"{_window_sum(part, day, prefix)} AS {part.name}" for part in parts)


def _window_sum(part: Windowed, day: str, prefix: str) -> str:
    column = f"{prefix}{part.partial.name}"
    if part.partial.kind == "last":
        return f"max({column})"
    if part.partial.kind == "decayed":
        elapsed = f"date_diff('day', {prefix}day, {day})"
        return f"sum({column} * pow(2e0, -{elapsed} / {part.partial.half_life}e0))"
    return f"sum(CASE WHEN {prefix}day >= {day} - {part.window} THEN {column} ELSE 0 END)"


def distinct_names(members: Members, features: Iterable[Feature]) -> list[str]:
    """Return the names of the features counted from one member table."""
    return [feature.name for feature in _distinct(members, features)]


def distinct_counts(members: Members, features: Iterable[Feature], day: str) -> list[str]:
    """Return the aggregates that count members of rows with `day` and `member`, as of `day`."""
    return [
        f"count(DISTINCT CASE WHEN day >= {day} - {feature.window} THEN member END) AS {feature.name}"
        for feature in _distinct(members, features)
    ]


def _distinct(members: Members, features: Iterable[Feature]) -> list[Distinct]:
    return [
        feature
        for feature in features_of(members.entity, features)
        if isinstance(feature, Distinct) and (feature.events, feature.member) == (members.events, members.member)
    ]


def _value(feature: Feature) -> str:  # noqa: PLR0911 - one a kind
    """Return the formula of a feature over the columns of `known` (k) and `recorded` (a)."""
    columns = [f"k.{part.name}" for part in windowed(feature)]
    match feature:
        case Age():
            return f"date_diff('microsecond', {columns[0]}, k.moment) / {_DAY_US}"
        case Decayed(half_life=half_life):
            elapsed = f"date_diff('microsecond', CAST(k.d AS TIMESTAMP), k.moment) / {_DAY_US}"
            return f"coalesce({columns[0]}, 0e0) * pow(2e0, -({elapsed}) / {half_life}e0)"
        case MeanPrice():
            return f"CASE WHEN {columns[1]} > 0 THEN {columns[0]} / {columns[1]} END"
        case Ratio(prior=prior, strength=strength):
            above, below = (f"coalesce({column}, 0) + 0e0" for column in columns)
            return f"({above} + {_number(prior * strength)}) / ({below} + {_number(strength)})"
        case Distinct():
            return f"coalesce(k.{feature.name}, 0) + 0e0"
        case Attribute():
            return attribute_value(feature)
        case _:
            return f"coalesce({columns[0]}, 0) + 0e0"


def _number(value: float) -> str:
    """Return a number that no engine takes for a decimal."""
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def among(events: tuple[EventType, ...]) -> str:
    """Return the SQL condition that an event is of one of these types."""
    return "type IN (" + ", ".join(f"'{event}'" for event in events) + ")"


def _about(ids: Sequence[str], personal: bool) -> str:
    named = " AND ".join(f"{column} <> ''" for column in ids)
    return f"{named} AND allowed = 1" if personal else named


def _same(keys: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{key} = {right}.{key}" for key in keys)


def key_columns(entity: Entity, relation: str) -> str:
    """Return the keys of an entity as columns of a relation."""
    return ", ".join(f"{relation}.{key}" for key in entity.keys)
