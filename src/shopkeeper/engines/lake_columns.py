"""How the tables of the data contract lie in the lake: column types, defaults, identity, and views over the parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from shopkeeper.commerce.tables import DECISIONS, KEYED_TABLES, SHADOW_ANSWERS, ColumnKind, TableSchema
from shopkeeper.engines.duckdb_session import files_literal, name_literal, text_literal

_STORED: Final[Mapping[ColumnKind, str]] = {
    "text": "VARCHAR", "time": "TIMESTAMP", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
    "json": "VARCHAR",
}  # fmt: skip
_AS_JSON: Final[Mapping[ColumnKind, str]] = {**_STORED, "time": "TIMESTAMPTZ", "json": "JSON"}
"""As read from the log: times with their offset, JSON as it stands."""
_ORDER_LINES: Final = "((\"type\" IN ('purchase', 'refund')) IS TRUE)"
ROWS_A_GROUP: Final = 122_880
"""Rows DuckDB writes into one row group of a Parquet file; a scan skips groups by the values they lie between."""
ANSWERS: Final = (DECISIONS, SHADOW_ANSWERS)
"""Tables whose rows hold whole answers, 6 kB and more: a thread has a row group of these in memory, read or written."""
_ANSWERS_A_GROUP: Final = 4_096


@dataclass(frozen=True, slots=True)
class LakeColumn:
    """One column of a table in the lake.

    Attributes:
        default: SQL of what holds where a row does not say; the log leaves out values equal to their default.
    """

    name: str
    kind: ColumnKind
    default: str = "NULL"

    @property
    def quoted(self) -> str:
        """The name as SQL."""
        return name_literal(self.name)

    @property
    def absent(self) -> str:
        """SQL of the column where a part has been written without it."""
        return f"CAST({self.default} AS {_STORED[self.kind]}) AS {self.quoted}"

    @property
    def loaded(self) -> str:
        """SQL that turns the value read from the log into the stored one: UTC times, JSON text, defaults filled in."""
        value = f"CAST({self.quoted} AS {_STORED[self.kind]})" if self.kind in ("time", "json") else self.quoted
        return f"{value if self.default == 'NULL' else f'coalesce({value}, {self.default})'} AS {self.quoted}"


@cache
def lake_columns(table: TableSchema) -> tuple[LakeColumn, ...]:
    """Return the columns of a table in the lake; keyed tables end with `source_ts` and `deleted`."""
    fields = {field.name: field for field in msgspec.structs.fields(table.row)}
    own = tuple(LakeColumn(c.name, c.kind, _default(fields[c.name], c.kind)) for c in table.columns)
    if table.name not in KEYED_TABLES:
        return own
    return (*own, LakeColumn("source_ts", "time"), LakeColumn("deleted", "boolean", "false"))


def column_names(table: TableSchema) -> tuple[str, ...]:
    """Return the names of `lake_columns`."""
    return tuple(column.name for column in lake_columns(table))


def always_written(table: TableSchema) -> frozenset[str]:
    """Return the columns a part must have: another default might come, and with it what a part without them says."""
    return frozenset(column.name for column in lake_columns(table) if column.default != "NULL")


def time_column(table: TableSchema) -> str:
    """Return the column whose UTC day a row is filed under."""
    return "source_ts" if table.name in KEYED_TABLES else table.time or "ts"


def identity(table: TableSchema) -> tuple[str, ...]:
    """Return the columns by which a row sent twice is known."""
    return (*table.key, "source_ts") if table.name in KEYED_TABLES else table.key


def part_order(table: TableSchema) -> str:
    """Return SQL of the order of a part's rows: by time, lines of orders after all others.

    Order lines are a few rows in a hundred and are asked for alone more often than the rest; where they lie together a
    scan skips the row groups without them.
    """
    time = name_literal(time_column(table))
    return f"{_ORDER_LINES}, {time}" if table.name == "events" else time


def laid_out_sql(table: TableSchema, ordered: str, rows: int) -> str:
    """Return SQL of rows that come in order of time as they lie in one part.

    Args:
        rows: How many there are; where one row group takes all of them there is nothing to skip, and they stay as they
            come.
    """
    if table.name != "events" or rows <= ROWS_A_GROUP:
        return ordered
    return f"FROM ({ordered}) WHERE NOT {_ORDER_LINES} UNION ALL FROM ({ordered}) WHERE {_ORDER_LINES}"


def groups_sql(table: TableSchema) -> str:
    """Return what of the options of a `COPY` into Parquet is the table's own."""
    return f", ROW_GROUP_SIZE {_ANSWERS_A_GROUP}" if table in ANSWERS else ""


def read_log_sql(table: TableSchema, file: Path) -> str:
    """Return SQL that reads rows of a table from an NDJSON file of the log."""
    columns = lake_columns(table)
    types = ", ".join(f"{c.quoted}: {text_literal(_AS_JSON[c.kind])}" for c in columns)
    return (
        f"SELECT {', '.join(c.loaded for c in columns)} FROM read_json({text_literal(str(file))}, "  # noqa: S608
        f"format='newline_delimited', auto_detect=false, columns={{{types}}})"
    )


def transform_log_sql(table: TableSchema, relation: str) -> str:
    """Return SQL that reads rows of a table from a relation of their `json` as the log has it and their `place`."""
    columns = lake_columns(table)
    types = msgspec.json.encode({c.name: _AS_JSON[c.kind] for c in columns}).decode()
    read = f"SELECT place, unnest(json_transform(json, {text_literal(types)})) FROM {relation}"  # noqa: S608
    return f"SELECT place, {', '.join(c.loaded for c in columns)} FROM ({read})"  # noqa: S608


def read_parts_sql(table: TableSchema, files: Mapping[tuple[str, ...], Sequence[Path]]) -> str:
    """Return SQL that reads all columns of a table from Parquet parts.

    Args:
        files: The files, by the columns they have; a column that came to the contract later reads as its default.
    """
    columns = lake_columns(table)
    selects = [
        f"SELECT {', '.join(c.quoted if c.name in present else c.absent for c in columns)} "  # noqa: S608
        f"FROM read_parquet({files_literal(list(paths))}, hive_partitioning=false)"
        for present, paths in files.items()
    ]
    return " UNION ALL ".join(selects) if selects else f"SELECT {', '.join(c.absent for c in columns)} WHERE false"


def view_sql(table: TableSchema, parts: str) -> Iterable[tuple[str, str]]:
    """Yield name and SQL of each view over a table.

    A keyed table has NAME with the newest row of each key that is not deleted, and NAME_history with all rows.
    """
    if table.name not in KEYED_TABLES:
        yield table.name, parts
        return
    history = f"{table.name}_history"
    yield history, parts
    key = ", ".join(name_literal(name) for name in table.key)
    yield (
        table.name,
        f"SELECT * EXCLUDE (source_ts, deleted) FROM {history} "  # noqa: S608
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY source_ts DESC) = 1 AND NOT deleted",
    )


def _default(field: msgspec.structs.FieldInfo, kind: ColumnKind) -> str:
    value = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
    if value is None or value is msgspec.NODEFAULT:
        return "NULL"
    if kind == "json":
        return text_literal(msgspec.json.encode(value).decode())
    return text_literal(value) if isinstance(value, str) else str(value)
