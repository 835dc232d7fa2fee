"""How the tables of the data contract lie in ClickHouse: derived from the lake's columns, so both always agree.

Each table NAME has its rows in NAME_rows, a ReplacingMergeTree whose sorting key is the lake's rule for doubled rows:
store, UTC day, key and, in keyed tables, source time. Sending a row again changes nothing; views read with FINAL, so a
double is never seen, merged away already or not. The views carry the names of the lake's views.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shopkeeper.commerce.tables import KEYED_TABLES, LOGGED_TABLES, ColumnKind, TableSchema
from shopkeeper.engines.lake_columns import LakeColumn, column_names, identity, lake_columns, time_column
from shopkeeper.quality.views import VIEWS

DAY: Final = "_day"
"""Computed column: the UTC day of a row as days since 1970, also for times outside of ClickHouse's own dates."""
LOADED: Final = "_loaded_parts"
"""Table of the parts of the lake that were sent: what to send next is what is not there."""

_DAY_MICROSECONDS: Final = 86_400_000_000
_TYPES: Final[Mapping[ColumnKind, str]] = {
    "text": "String", "time": "DateTime64(6, 'UTC')", "integer": "Int64", "number": "Float64", "boolean": "Bool",
    "json": "String",
}  # fmt: skip
_FEW_VALUES: Final = frozenset(
    {
        "store",
        "type",
        "traffic",
        "currency",
        "surface",
        "device",
        "status",
        "kind",
        "system",
        "variant",
        "model",
        "test",
        "version",
    }
)
"""Text columns with few different values, which ClickHouse then keeps as numbers."""


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def rows_table(table: TableSchema) -> str:
    """Return the name of the table with the rows."""
    return f"{table.name}_rows"


def schema_sql(database: str) -> Iterator[str]:
    """Yield the statements that make every table and view, or bring them up to date; running them again is safe."""
    for table in LOGGED_TABLES.values():
        rows = f"{quoted(database)}.{rows_table(table)}"
        yield _create(table, rows)
        later = [column for column in lake_columns(table) if column.name not in identity(table)]
        yield f"ALTER TABLE {rows} " + ", ".join(f"ADD COLUMN IF NOT EXISTS {_column(table, one)}" for one in later)
        yield from _views(table, database)
    for name, select in VIEWS.items():
        yield f"CREATE OR REPLACE VIEW {quoted(database)}.{quoted(name)} AS {select}"
    yield (
        f"CREATE TABLE IF NOT EXISTS {quoted(database)}.{LOADED} (name LowCardinality(String), store String, "
        "day Int32, path String, gone UInt8, turn UInt64) ENGINE = ReplacingMergeTree(turn) ORDER BY (name, path)"
    )


def _create(table: TableSchema, rows: str) -> str:
    columns = ", ".join(_column(table, column) for column in lake_columns(table))
    time = quoted(time_column(table))
    ticks = f"toUnixTimestamp64Micro({time})"
    whole = f"intDiv({ticks} - positiveModulo({ticks}, {_DAY_MICROSECONDS}), {_DAY_MICROSECONDS})"
    day = f"{DAY} Int32 MATERIALIZED toInt32({whole})"
    order = ", ".join(["store", DAY, *(quoted(name) for name in identity(table) if name != "store")])
    # Months keep events prunable and erasable; the history of a keyed table is read as a whole.
    partition = "tuple()" if table.name in KEYED_TABLES else f"toYYYYMM({time})"
    return (
        f"CREATE TABLE IF NOT EXISTS {rows} ({columns}, {day}) ENGINE = ReplacingMergeTree "
        f"PARTITION BY {partition} ORDER BY ({order})"
    )


def _column(table: TableSchema, column: LakeColumn) -> str:
    kind = _TYPES[column.kind]
    if column.name not in (*identity(table), time_column(table)):
        kind = f"Nullable({kind})"
    if column.name in _FEW_VALUES and column.kind == "text":
        kind = f"LowCardinality({kind})"
    default = "" if column.default == "NULL" else f" DEFAULT {column.default}"
    return f"{quoted(column.name)} {kind}{default}"


def _views(table: TableSchema, database: str) -> Iterator[str]:
    where, columns = quoted(database), ", ".join(quoted(name) for name in column_names(table))
    every = f"SELECT {columns} FROM {where}.{rows_table(table)} FINAL"  # noqa: S608 - names of the contract
    if table.name not in KEYED_TABLES:
        yield f"CREATE OR REPLACE VIEW {where}.{quoted(table.name)} AS {every}"
        return
    history = f"{where}.{quoted(f'{table.name}_history')}"
    yield f"CREATE OR REPLACE VIEW {history} AS {every}"
    key = ", ".join(quoted(name) for name in table.key)
    own = ", ".join(quoted(name) for name in column_names(table) if name not in ("source_ts", "deleted"))
    yield (
        f"CREATE OR REPLACE VIEW {where}.{quoted(table.name)} AS SELECT {own} FROM "  # noqa: S608
        f"(SELECT * FROM {history} ORDER BY {key}, source_ts DESC LIMIT 1 BY {key}) WHERE NOT deleted"
    )
