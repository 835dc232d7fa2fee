"""The live way in: raw rows of one request become valid rows and rejected ones, by the same judge as an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from shopkeeper.commerce.event import Event
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.arrival import RowJudge, without_address
from shopkeeper.intake.keyed_rows import KeyedRowValidator
from shopkeeper.intake.plain_json import json_safe
from shopkeeper.intake.ports import RejectedRow, SourcedRow

Row = TypeVar("Row")
HTTP = "http"


@dataclass(frozen=True, slots=True)
class Taken(Generic[Row]):
    """What became of the rows of one request.

    Attributes:
        rows: The valid ones, in the order they came.
        rejected: The others, whole, with all their problems, for the quarantine.
    """

    rows: tuple[Row, ...]
    rejected: tuple[RejectedRow, ...]

    @property
    def problems(self) -> tuple[FieldProblem, ...]:
        """Every problem of every rejected row; `row` is its position in the request, counted from 1."""
        return tuple(problem for row in self.rejected for problem in row.problems)


def take_events(raws: Sequence[Any], validator: RowJudge, store: str | None, source: str = HTTP) -> Taken[Event]:
    """Judge the events of one request.

    Args:
        raws: The decoded JSON list; rows may be anything.
        store: The store of the API key, kept with rejected rows.
    """
    judge = cast("Callable[[Any, int], Event | tuple[FieldProblem, ...]]", validator.check)
    return _taken(raws, judge, validator.table.name, store, source)


def take_rows(
    raws: Sequence[Any],
    validator: KeyedRowValidator,
    store: str | None,
    *,
    withdrawn: bool = False,
    source: str = HTTP,
) -> Taken[SourcedRow]:
    """Judge the rows of one `PUT` of a keyed table, or of one `DELETE` where `withdrawn`: then a key is enough."""

    def judge(raw: Any, number: int) -> SourcedRow | tuple[FieldProblem, ...]:  # noqa: ANN401 - raw
        return validator.check(raw, number, withdrawn=withdrawn)

    return _taken(raws, judge, validator.table.name, store, source)


def _taken(
    raws: Sequence[Any],
    judge: Callable[[Any, int], Row | tuple[FieldProblem, ...]],
    table: str,
    store: str | None,
    source: str,
) -> Taken[Row]:
    rows: list[Row] = []
    rejected: list[RejectedRow] = []
    for number, raw in enumerate(raws, start=1):
        judged = judge(raw, number)
        if isinstance(judged, tuple):
            rejected.append(rejected_row(table, store, source, number, raw, judged))
        else:
            rows.append(judged)
    return Taken(tuple(rows), tuple(rejected))


def rejected_row(
    table: str, store: str | None, source: str, number: int, raw: object, problems: tuple[FieldProblem, ...]
) -> RejectedRow:
    """Return a row as the quarantine keeps it: without network addresses; what is no object is kept under `$`."""
    whole = json_safe(dict(without_address(raw)) if isinstance(raw, Mapping) else raw)
    kept: dict[str, Any] = whole if isinstance(whole, dict) else {"$": whole}
    named = kept.get("store")
    return RejectedRow(table, store or (named if isinstance(named, str) else ""), source, number, kept, problems)
