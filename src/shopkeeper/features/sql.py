"""Definitions compiled to SQL that DuckDB and ClickHouse read alike: day tables, features at a cutoff, training rows.

The steps, each one statement over relations given by name:

    human_events, stores --seen_sql--> seen --sums_sql--> tables of sums, of members (a UTC day a row)
    tables of sums + the current day's events --as_of_sql--> features of every entity at $at
    tables of sums + examples + events --training_sql (see sql_training)--> features of each example at its own `at`

All times are UTC without offset. On ClickHouse the client must set `join_use_nulls = 1` and the time zone UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
from shopkeeper.features.partials import (
    DayTable,
    Members,
    Windowed,
    day_tables,
    members_of,
    windowed,
    windowed_of,
)
from shopkeeper.features.sql_attributes import attribute_value, records_sql
from shopkeeper.features.sql_sums import DAY_US, sums_sql


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
    with_parts: list[str] = []
    for number, table in enumerate(day_tables(entity, features)):
        columns = f"{keys}, day, {', '.join(partial.name for partial in table.partials)}"
        sums = window_sums(windows_in(table, features), day)
        with_parts.append(
            f"summed_{number} AS (SELECT {keys}, {sums} FROM (\n"
            f"SELECT {columns} FROM {table.name} WHERE {stored}\n"
            f"UNION ALL SELECT {columns} FROM ({sums_sql(table)}) AS fresh WHERE {condition}\n"
            f") AS buckets GROUP BY {keys})"
        )
    with_parts.append(f"summed AS ({_together(entity, features)})")
    joins, chosen = "", "w.*"
    for number, members in enumerate(members_of(entity, features)):
        counted = distinct_counts(members, features, day)
        with_parts.append(
            f"counted_{number} AS (SELECT {keys}, {', '.join(counted)} FROM (\n"
            f"SELECT {keys}, day, member FROM {members.name} WHERE {stored}\n"
            f"UNION ALL SELECT {keys}, day, member FROM ({sums_sql(members)}) AS fresh WHERE {condition}\n"
            f") AS met GROUP BY {keys})"
        )
        joins += f"\nLEFT JOIN counted_{number} AS m{number} ON {_same(who.keys, f'm{number}', 'w')}"
        chosen += "".join(f", m{number}.{name}" for name in distinct_names(members, features))
    with_parts.append(
        f"known AS (SELECT {chosen}, {day} AS d, CAST($at AS TIMESTAMP) AS moment FROM summed AS w{joins})"
    )
    return finished_sql(entity, features, with_parts, who.keys)


def _together(entity: EntityName, features: Sequence[Feature]) -> str:
    """Return a SELECT of keys and all windowed sums of those who have any."""
    keys = ENTITIES[entity].keys
    tables = day_tables(entity, features)
    if len(tables) == 1:
        return "SELECT * FROM summed_0"
    sums = ", ".join(
        f"s{number}.{part.name} AS {part.name}"
        for number, table in enumerate(tables)
        for part in windows_in(table, features)
    )
    named = ", ".join(f"coalesce(s0.{key}, s1.{key}) AS {key}" for key in keys)
    return f"SELECT {named}, {sums} FROM summed_0 AS s0 FULL JOIN summed_1 AS s1 ON {_same(keys, 's0', 's1')}"


def windows_in(table: DayTable, features: Iterable[Feature]) -> tuple[Windowed, ...]:
    """Return the windowed sums that come from one table."""
    return tuple(part for part in windowed_of(table.entity, features) if part.partial in table.partials)


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
            return f"date_diff('microsecond', {columns[0]}, k.moment) / {DAY_US}"
        case Decayed(half_life=half_life):
            elapsed = f"date_diff('microsecond', CAST(k.d AS TIMESTAMP), k.moment) / {DAY_US}"
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


def _same(keys: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}.{key} = {right}.{key}" for key in keys)


def key_columns(entity: Entity, relation: str) -> str:
    """Return the keys of an entity as columns of a relation."""
    return ", ".join(f"{relation}.{key}" for key in entity.keys)
