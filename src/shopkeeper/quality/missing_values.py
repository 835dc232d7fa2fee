"""How many values are missing in every field of every table, and what became of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shopkeeper.commerce.tables import SOURCE_TABLES, Column, TableSchema
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.missing_policy import built_in, mark_of, types_of
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.quality.reading import filled_query


@dataclass(frozen=True, slots=True)
class MissingField:
    """One field of one table.

    Attributes:
        rows: Rows that should have it, rejected ones included.
        missing: Those that came without: kept, filled and rejected; None where a value is put in that cannot be told.
        policy: Such as `keep`, `default: 1`, `derive: store.currency`, `reject`.
        written: The contract of the store says so; else it is built in.
        means: What a missing value means, in the words of the contract.
    """

    store: str
    table: str
    field: str
    rows: int
    missing: int | None
    kept: int
    filled: int
    rejected: int
    policy: str
    written: bool
    means: str = ""

    @property
    def share(self) -> float | None:
        """Share of rows that came without it."""
        return self.missing / self.rows if self.rows and self.missing is not None else None

    @property
    def done(self) -> str:
        """What was done, with counts."""
        if self.missing is None:
            return "filled in as rows come, not counted"
        counts = {"kept as missing": self.kept, "filled": self.filled, "rejected": self.rejected}
        return ", ".join(f"{count:,} {words}" for words, count in counts.items() if count) or "nothing to do"

    def __str__(self) -> str:
        said = f"{self.policy}{'' if self.written else ', built in'}{f': {self.means}' if self.means else ''}"
        share = "" if self.share is None else f" ({self.share:.2%})"
        return f"{self.table}.{self.field}: {self.missing or 0:,} of {self.rows:,} rows{share}; {said}; {self.done}"


def missing_values(
    warehouse: Warehouse, store: str, contract: DataContract, rejected: Mapping[tuple[str, str], int]
) -> tuple[MissingField, ...]:
    """Return every field of every table that has rows of a store.

    Args:
        rejected: Table and field -> rows in quarantine because they lack it.
    """
    found: list[MissingField] = []
    for table in SOURCE_TABLES.values():
        counted = warehouse.fetch(counting(table), store=store)
        if table.attributes_column is not None:
            counted |= warehouse.fetch(counting_filled(table, table.attributes_column), store=store)
        if int(counted["held"][0]) or any(name == table.name for name, _ in rejected):
            found += _fields(store, table, counted, contract, rejected)
    return tuple(found)


def _fields(
    store: str,
    table: TableSchema,
    counted: Mapping[str, Any],
    contract: DataContract,
    rejected: Mapping[tuple[str, str], int],
) -> Iterator[MissingField]:
    written = {rule.column: rule for rule in contract.fields if rule.table == table.name}
    for column in table.columns:
        rule = written.get(column.name)
        policy = rule.missing if rule is not None and rule.missing is not None else None
        holds = policy or built_in(table, column)
        refused = rejected.get((table.name, column.name), 0)
        empty, filled = (_count(counted, f"{kind}_{column.name}") for kind in ("missing", "filled"))
        rows = _count(counted, f"rows_{column.name}") + refused
        untold = policy is None and holds.action in ("default", "derive")
        yield MissingField(
            store, table.name, column.name, rows, None if untold else empty + filled + refused, empty, filled, refused,
            str(holds), policy is not None, rule.means if rule is not None else "",
        )  # fmt: skip


def _count(counted: Mapping[str, Any], name: str) -> int:
    """Return a sum; 0 where it has no rows, or was not asked for."""
    values = counted.get(name)
    return int(values[0]) if values is not None and values[0] == values[0] else 0


def counting(table: TableSchema) -> NamedQuery:
    """Return the query that counts rows and empty values of every column of a table."""
    return filled_query("missing_values", table=table.name, columns=_listed(table, _counts))


def counting_filled(table: TableSchema, place: str) -> NamedQuery:
    """Return the query that counts filled values of every column of a table.

    Args:
        place: The column that holds the marks.
    """
    return filled_query("filled_values", table=table.name, columns=_listed(table, _marks), place=place)


def _listed(table: TableSchema, counts: Callable[[TableSchema, Column], Iterator[str]]) -> str:
    return ",\n  ".join(part for column in table.columns for part in counts(table, column))


def _counts(table: TableSchema, column: Column) -> Iterator[str]:
    types = types_of(table, column.name)
    meant = f"type IN ({', '.join(repr(name) for name in types)})" if types else "1 = 1"
    name = f'"{column.name}"'
    empty = f"{name} IS NULL" + (f" OR {name} IN ('[]', '{{}}')" if column.kind == "json" else "")
    yield f"coalesce(sum(CASE WHEN {meant} THEN 1 ELSE 0 END), 0) AS rows_{column.name}"
    yield f"coalesce(sum(CASE WHEN {meant} AND ({empty}) THEN 1 ELSE 0 END), 0) AS missing_{column.name}"


def _marks(table: TableSchema, column: Column) -> Iterator[str]:
    mark = f"{table.attributes_column} LIKE '%\"{mark_of(column.name)}\":%'"
    yield f"coalesce(sum(CASE WHEN {mark} THEN 1 ELSE 0 END), 0) AS filled_{column.name}"
