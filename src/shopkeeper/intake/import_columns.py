"""From a row of a file to the row of a table, by a mapping or by the names themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.arrival import without_address
from shopkeeper.intake.identity import row_identity
from shopkeeper.intake.ports import WHOLE_ROW, SourceRow
from shopkeeper.intake.sources import Filling
from shopkeeper.intake.sure_events import FEW_VALUED, KeyedJudge, SureFilling

_WHERE = "where"


class FillingColumns:
    """One table filled from one file.

    Args:
        place: Position among the tables the same file fills; keeps their expressions apart.
        twin: How many events tables before this one the same file fills; keeps the identities of their events apart.
        store: The store of the import; None = each row names its own.
    """

    def __init__(self, filling: Filling, place: int, twin: int, columns: tuple[str, ...], store: str | None) -> None:
        self.table = filling.table
        self._attributes = filling.table.attributes_column
        self._mapping = filling.mapping
        self._prefix = f"{place}."
        self._identity = "events" if twin == 0 else f"events#{twin + 1}"
        self._store = store
        self._fields: list[tuple[str, str]] = []
        self._inner: list[tuple[str, str]] = []
        self._kept: tuple[str, ...] = ()
        self.expressions: dict[str, str] = {}
        if self._mapping is not None:
            self._prepare(columns)

    def _prepare(self, columns: tuple[str, ...]) -> None:
        mapping = self._mapping
        if mapping is None:
            return
        inside = f"{self._attributes}."
        for column, expression in mapping.fields.items():
            alias = self._prefix + column
            self.expressions[alias] = expression
            if column.startswith(inside):
                self._inner.append((column.removeprefix(inside), alias))
            else:
                self._fields.append((column, alias))
        if mapping.source_ts is not None:
            self.expressions[self._prefix + "source_ts"] = mapping.source_ts
            self._fields.append(("source_ts", self._prefix + "source_ts"))
        if mapping.where is not None:
            self.expressions[self._prefix + _WHERE] = f"coalesce({mapping.where}, false)"
        if self._attributes not in mapping.fields:
            self._kept = mapping.kept(columns)

    def sure_filling(self, columns: tuple[str, ...], judge: KeyedJudge | None = None) -> SureFilling:
        """Return how the table is filled, for the fast lane; without a mapping by the names of the file's columns."""
        mapping = self._mapping
        if mapping is not None:
            where = None if mapping.where is None else self._prefix + _WHERE
            fields = dict(self._fields)
            source_ts = fields.pop("source_ts", None)
            return SureFilling(
                self.table, self.expressions, fields, dict(self._inner), self._kept, where, source_ts, self._identity,
                judge,
            )  # fmt: skip
        own = {name: self._prefix + name for name in columns if name in {*self.table.column_names, *FEW_VALUED}}
        expressions = {alias: name for name, alias in own.items()}
        kept = tuple(name for name in columns if name not in own)
        return SureFilling(self.table, expressions, own, {}, kept, None, None, self._identity, judge)

    def wants(self, row: SourceRow) -> bool:
        """Return whether the row is meant for this table."""
        if self._mapping is None or self._mapping.where is None:
            return True
        return bool(row.values.get(self._prefix + _WHERE))

    def problems(self, row: SourceRow) -> tuple[FieldProblem, ...]:
        """Return which of this table's expressions fail on the row."""
        return tuple(
            replace(problem, field=problem.field.removeprefix(self._prefix))
            for problem in row.problems
            if problem.field in self.expressions
        )

    def whole(self, row: SourceRow) -> dict[str, Any]:
        """Return the row as it came."""
        whole: dict[str, Any] = row.values[WHOLE_ROW]
        return whole

    def raw(self, row: SourceRow) -> dict[str, Any]:
        """Return the row by the columns of the table."""
        whole = self.whole(row)
        if self._mapping is None:
            return whole
        values = row.values
        raw = {column: value for column, alias in self._fields if (value := values[alias]) is not None}
        kept = {name: value for name in self._kept if (value := whole.get(name)) is not None and value != ""}
        for name, alias in self._inner:
            if (value := values[alias]) is not None:
                kept[name] = value
        if kept and self._attributes is not None:
            raw[self._attributes] = kept
        if self.table is EVENTS and "event_id" not in raw:
            raw["event_id"] = row_identity(self._identity, str(raw.get("store") or self._store), without_address(whole))
        return raw

    def explained(self, problems: tuple[FieldProblem, ...]) -> tuple[FieldProblem, ...]:
        """Return the problems with the expression behind each field, so people find it in their own file."""
        if self._mapping is None:
            return problems
        return tuple(
            replace(problem, reason=f"{problem.reason} (from {self._mapping.fields[problem.field]})")
            if problem.field in self._mapping.fields
            else problem
            for problem in problems
        )


def expressions_of(fillings: Sequence[FillingColumns]) -> dict[str, str]:
    """Return everything to ask of a reader for the tables one file fills."""
    asked = {WHOLE_ROW: WHOLE_ROW}
    for filling in fillings:
        asked.update(filling.expressions)
    return asked
