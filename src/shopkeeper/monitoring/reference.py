"""What the data looked like when a model was trained: small, without persons, kept with the model version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from shopkeeper.commerce.calendar import Calendar
from shopkeeper.errors import BundleDamaged, NotEnoughData
from shopkeeper.monitoring.cells import Cells, Counts, Labels, cells_of, in_strata, missing, paired
from shopkeeper.monitoring.distances import psi
from shopkeeper.monitoring.feeds import Holes, find_holes, touched_by, usual_feeds
from shopkeeper.monitoring.rows import FilledDay, Rows, Week
from shopkeeper.monitoring.subjects import Subject, subjects

FORMAT: Final = 1
FILE: Final = "drift_reference.json"
"""Name of the file in a model bundle."""
WEEKS: Final = 4


class FigureReference(Struct, frozen=True):
    """One figure as it was.

    Attributes:
        cells: How values fall into cells.
        strata: `STORE|LABEL|WEEKDAY` -> rows in each cell.
        usual: Largest PSI of one of the reference's weeks against the others: what it does by itself.
        filled: Share of rows that had a value.
        independence: Distinct entities a row; below 1 where one stands in several weeks or gives many rows their value.
        whole: The history reached back as far as the figure does.
    """

    cells: Cells
    strata: dict[str, tuple[int, ...]]
    usual: float
    filled: float
    independence: float
    whole: bool

    @property
    def rows(self) -> int:
        """Rows it was made from."""
        return sum(sum(held) for held in self.strata.values())


class DriftReference(Struct, frozen=True):
    """Everything drift is judged against.

    Attributes:
        first, last: Days it was made from, UTC.
        importance: Feature -> share of the model's total importance; empty where the model has none to tell.
        figures: Name -> what it was; see `subjects`.
        feeds: `STORE|TYPE|WEEKDAY` -> events a day, `STORE|TYPE.FIELD` -> share filled.
    """

    format: int
    system: str
    made_at: datetime
    first: date
    last: date
    importance: dict[str, float]
    figures: dict[str, FigureReference]
    feeds: dict[str, float]

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    def encode(self) -> bytes:
        """Return the bytes of its file."""
        return msgspec.json.encode(self)

    @staticmethod
    def from_document(document: object) -> DriftReference:
        """Return the reference a document holds. Raises BundleDamaged where it is of another form."""
        return _read(lambda: msgspec.convert(document, DriftReference))

    @staticmethod
    def decode(raw: bytes) -> DriftReference:
        """Return the reference that the bytes of a file hold. Raises BundleDamaged where they are of another form."""
        return _read(lambda: msgspec.json.decode(raw, type=DriftReference))


def make_reference(
    system: str,
    weeks: Sequence[Week],
    filled: Sequence[FilledDay],
    calendars: Mapping[str, Calendar],
    history_from: date | None,
    made_at: datetime,
    importance: Mapping[str, float] | None = None,
) -> DriftReference:
    """Return what some weeks looked like.

    Args:
        weeks: In any order; the weeks a model was trained on last.
        filled: Every day from 90 days before the first week on.
        calendars: Store -> its calendar.
        history_from: Day of the first event there is, UTC.
        importance: Feature -> importance in any unit; None where the model has none.
    Raises:
        NotEnoughData: no week has a row.
    """
    if not any(len(rows) for week in weeks for rows in week.rows):
        raise NotEnoughData("No event of a person lies in the weeks of the drift reference.", "Import more history.")
    first, last = min(week.first for week in weeks), max(week.last for week in weeks)
    usual = usual_feeds([one for one in filled if first <= one.day <= last])
    holes = find_holes(filled, usual, sorted({one.day for one in filled}))
    history = (first - history_from).days if history_from is not None else 0
    figures = {}
    for name, subject in subjects().items():
        found = _figure(subject, weeks, labels_of(subject, calendars, holes), history)
        if found is not None:
            figures[name] = found
    total = sum((importance or {}).values())
    shares = {name: held / total for name, held in (importance or {}).items()} if total > 0 else {}
    return DriftReference(FORMAT, system, made_at, first, last, shares, figures, dict(usual))


def labels_of(subject: Subject, calendars: Mapping[str, Calendar], holes: Holes) -> Labels:
    """Return what kind of day a day is for one figure; None where what it is made of was broken."""
    known: dict[tuple[str, date], str | None] = {}
    ordinary = Calendar()

    def label(store: str, day: date) -> str | None:
        if (store, day) not in known:
            broken = touched_by(holes, store, subject.sources, day, subject.looks_back)
            known[store, day] = None if broken else calendars.get(store, ordinary).label(day, subject.feels)
        return known[store, day]

    return label


def _figure(subject: Subject, weeks: Sequence[Week], labels: Labels, history: int) -> FigureReference | None:
    samples = [
        rows for week in weeks for rows in week.rows if rows.kind == subject.kind and subject.name in rows.columns
    ]
    values = [rows.columns[subject.name] for rows in samples]
    if not sum(len(rows) for rows in samples):
        return None
    whole = np.concatenate(values)
    cells = cells_of(whole)
    weekly = [in_strata(cells, rows, held, labels) for rows, held in zip(samples, values, strict=True)]
    pooled = _pooled(weekly)
    return FigureReference(
        cells=cells,
        strata={key: tuple(int(count) for count in held) for key, held in sorted(pooled.items())},
        usual=_own_spread(weekly),
        filled=float(1 - missing(whole).mean()),
        independence=_independence(samples, subject.shared_by),
        whole=history >= subject.looks_back,
    )


def _pooled(weekly: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    pooled: dict[str, Counts] = {}
    for week in weekly:
        for key, held in week.items():
            pooled[key] = pooled[key] + held if key in pooled else held
    return pooled


def _own_spread(weekly: Sequence[Mapping[str, Counts]]) -> float:
    """Return the largest PSI of one week against the others."""
    found = [0.0]
    for place, week in enumerate(weekly):
        others = _pooled([*weekly[:place], *weekly[place + 1 :]])
        pair = paired({key: tuple(held) for key, held in others.items()}, week)
        if pair.rows:
            found.append(psi(*pair.merged()))
    return max(found)


def _independence(samples: Sequence[Rows], shared_by: str) -> float:
    ids = np.concatenate([rows.columns[shared_by] if shared_by else rows.ids for rows in samples]).astype(str)
    return len(np.unique(ids)) / len(ids)


def _read(reading: Callable[[], DriftReference]) -> DriftReference:
    remedy = "Train again with `shopkeeper train`."
    try:
        found = reading()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BundleDamaged(f"A drift reference cannot be read: {error}.", remedy) from error
    if found.format != FORMAT:
        raise BundleDamaged(f"A drift reference has format {found.format}; this Shopkeeper reads {FORMAT}.", remedy)
    return found
