"""Training rows: what was known of each example at its own moment, and nothing later.

An example at `t` reads day tables of the days before `d(t)`, which hold no event of `d(t)` or later, and events of
`d(t)` itself under `ts < t`. So no row can see its own future, nor its own moment. A late event counts from its `ts`,
although the shop learned of it at `received_at`: what serving could not know yet, training sees. Both are equal once
events arrive in time.
"""

from __future__ import annotations

from collections.abc import Iterable

from shopkeeper.features.definitions import FEATURES
from shopkeeper.features.kinds import ENTITIES, HORIZON_DAYS, EntityName, Feature
from shopkeeper.features.partials import Windowed, day_tables, members_of, windowed_of
from shopkeeper.features.sql import (
    distinct_counts,
    distinct_names,
    finished_sql,
    key_columns,
    window_sums,
    windows_in,
)
from shopkeeper.features.sql_sums import among, partial_sql


def training_sql(entity: EntityName, features: Iterable[Feature] = FEATURES) -> str:
    """Return a SELECT of `example` and features of each row of `examples`, from `seen` of their days.

    `examples` has the columns example (a number), store, the ids of the entity, and `moment`. Examples that lack an id
    have no row; one of whom nothing is known has sums of 0, shares at their prior, and no ages.
    """
    features = tuple(features)
    who = ENTITIES[entity]
    keys = ", ".join(who.keys)
    parts, tables = windowed_of(entity, features), day_tables(entity, features)
    named = " AND ".join(f"coalesce(x.{column}, '') <> ''" for column in who.ids)
    scope = "coalesce(nullif(s.customer_group, ''), x.store)" if who.scope == "customer_group" else "x.store"
    ids = ", ".join(f"x.{column} AS {column}" for column in who.ids)
    same = " AND ".join(f"e.{column} = x.{column}" for column in who.ids)
    allowed = " AND e.allowed = 1" if who.personal else ""
    sums = ",\n  ".join(f"{partial_sql(part.partial)} AS {part.name}" for part in parts)
    older = " AND ".join(f"b.{key} = m.{key}" for key in who.keys)
    with_parts = [
        f"asked AS (SELECT x.example AS example, {scope} AS scope, {ids}, x.moment AS moment, "
        f"CAST(x.moment AS DATE) AS d FROM examples AS x LEFT JOIN stores AS s ON s.store = x.store WHERE {named})",
        f"moments AS (SELECT DISTINCT {keys}, d FROM asked)",
        *(
            f"older_{number} AS (SELECT {key_columns(who, 'm')}, m.d, "
            f"{window_sums(windows_in(table, features), 'm.d', 'b.')}\n"
            f"FROM moments AS m JOIN {table.name} AS b ON {older}\n"
            f"WHERE b.day >= m.d - {HORIZON_DAYS} AND b.day < m.d GROUP BY {key_columns(who, 'm')}, m.d)"
            for number, table in enumerate(tables)
        ),
        f"today AS (SELECT x.example AS example, x.d AS d, e.* FROM asked AS x\n"
        f"JOIN seen AS e ON e.{who.scope} = x.scope AND {same} AND e.day = x.d WHERE e.ts < x.moment)",
        f"fresh AS (SELECT example, {sums} FROM today AS e WHERE 1 = 1{allowed} GROUP BY example)",
    ]
    chosen, joins = "", "\nLEFT JOIN fresh AS f ON f.example = x.example"
    for number, table in enumerate(tables):
        joins += f"\nLEFT JOIN older_{number} AS o{number} ON "
        joins += " AND ".join(f"o{number}.{key} = x.{key}" for key in (*who.keys, "d"))
        for part in windows_in(table, features):
            chosen += f",\n  {_joined(f'o{number}.{part.name}', part)} AS {part.name}"
    for number, members in enumerate(members_of(entity, features)):
        refused = " AND allowed = 1" if who.personal or members.member == "user_id" else ""
        with_parts.append(
            f"counted_{number} AS (SELECT example, {', '.join(distinct_counts(members, features, 'd'))} FROM (\n"
            f"SELECT x.example AS example, x.d AS d, b.day AS day, b.member AS member FROM asked AS x "
            f"JOIN {members.name} AS b ON {' AND '.join(f'b.{key} = x.{key}' for key in who.keys)}\n"
            f"WHERE b.day >= x.d - {HORIZON_DAYS} AND b.day < x.d\n"
            f"UNION ALL SELECT example, d, day, {members.member} AS member FROM today "
            f"WHERE {among(members.events)} AND {members.member} <> ''{refused}\n"
            f") AS met GROUP BY example)"
        )
        joins += f"\nLEFT JOIN counted_{number} AS m{number} ON m{number}.example = x.example"
        chosen += "".join(f", m{number}.{name} AS {name}" for name in distinct_names(members, features))
    columns = ", ".join(f"x.{column} AS {column}" for column in ("example", *who.keys, "d", "moment"))
    with_parts.append(f"known AS (SELECT {columns}{chosen}\nFROM asked AS x{joins})")
    return finished_sql(entity, features, with_parts, ("example",))


def _joined(older: str, part: Windowed) -> str:
    """Return a windowed sum over the days before and the day itself."""
    if part.partial.kind == "last":
        return f"CASE WHEN f.{part.name} IS NOT NULL THEN f.{part.name} ELSE {older} END"
    return f"coalesce({older}, 0) + coalesce(f.{part.name}, 0)"
