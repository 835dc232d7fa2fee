"""What records said at a moment: demographics of users, prices and categories of products, by their source time."""

from __future__ import annotations

from collections.abc import Sequence

from shopkeeper.features.kinds import Attribute

_OWN = {
    "users": ('r."user" = k.user_id', "coalesce(nullif(s.customer_group, ''), r.store, '')"),
    "products": ("r.product = k.product", "coalesce(r.store, '')"),
}


def records_sql(attributes: Sequence[Attribute], keys: Sequence[str]) -> str:
    """Return a SELECT of keys, `is_known` and the columns of the one record that speaks for each row of `known`.

    Of the records of an entity, newest before `at` first, its own scope before all stores; else the oldest of all.
    """
    table = attributes[0].table
    same, scope = _OWN[table]
    columns = tuple(dict.fromkeys(attribute.column for attribute in attributes))
    group = "\nLEFT JOIN stores AS s ON s.store = r.store" if table == "users" else ""
    picked = ", ".join(f"r.{column} AS {column}" for column in columns)
    return f"""
SELECT {", ".join(keys)}, moment, is_known, gone, {", ".join(columns)} FROM (
SELECT ranked.*, row_number() OVER (
  PARTITION BY {", ".join(keys)} ORDER BY is_known DESC, is_own DESC, known_ts DESC, source_ts
) AS place FROM (
SELECT {", ".join(f"k.{key} AS {key}" for key in keys)}, k.moment AS moment, r.source_ts AS source_ts, {picked},
  CASE WHEN r.deleted THEN 1 ELSE 0 END AS gone,
  CASE WHEN r.source_ts < k.moment THEN 1 ELSE 0 END AS is_known,
  CASE WHEN {scope} = k.scope THEN 1 ELSE 0 END AS is_own,
  CASE WHEN r.source_ts < k.moment THEN r.source_ts ELSE CAST('1970-01-01 00:00:00' AS TIMESTAMP) END AS known_ts
FROM known AS k
JOIN {table}_history AS r ON {same}{group}
WHERE {scope} = k.scope OR coalesce(r.store, '') = ''
) AS ranked
) AS placed WHERE place = 1"""


def attribute_value(attribute: Attribute) -> str:
    """Return the value of an attribute over the columns of `recorded` (a)."""
    speaks = "a.gone = 0" if attribute.lasting else "a.gone = 0 AND a.is_known = 1"
    column = f"a.{attribute.column}"
    match attribute.reading:
        case "age":
            value = f"date_diff('microsecond', {column}, k.moment) / 86400e6"
            return f"CASE WHEN {speaks} AND {column} < k.moment THEN {value} END"
        case "top_category":
            path = f"substring({column}, 3, position('\"' IN substring({column}, 3)) - 1)"
            step = f"CASE WHEN position('>' IN {path}) > 0 THEN substring({path}, 1, position('>' IN {path}) - 1) ELSE {path} END"  # noqa: E501
            return f"CASE WHEN {speaks} AND {column} LIKE '[\"%' THEN trim({step}) END"
        case _:
            return f"CASE WHEN {speaks} THEN {column} END"
