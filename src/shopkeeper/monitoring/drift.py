"""Has the data changed since a model was trained? One rule for every figure.

A figure drifted when, against the same weekdays and kinds of days of the same store,

1. its change is large: the PSI passes the objective's threshold and twice what the reference's own weeks do,
2. and sure: it passes what chance does with so many rows, the significance split over the figures looked at,
3. and lasts: in consecutive windows of a week,
4. and matters: the figure has a share of the model's importance, or is what shoppers themselves do.

Too few rows are `insufficient data`, never `same`. What rests on a broken feed is named so and says nothing of tastes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from scipy import stats

from shopkeeper.commerce.calendar import Calendar
from shopkeeper.monitoring.cells import Cells, Paired, in_strata, missing, paired
from shopkeeper.monitoring.distances import jensen_shannon, psi, wasserstein
from shopkeeper.monitoring.feeds import Holes, find_holes
from shopkeeper.monitoring.reference import DriftReference, FigureReference, labels_of
from shopkeeper.monitoring.report import DriftReport, Found, Verdict, broken_feeds
from shopkeeper.monitoring.rows import Column, FilledDay, Mask, Rows, Week
from shopkeeper.monitoring.significance import psi_threshold
from shopkeeper.monitoring.subjects import Subject, subjects
from shopkeeper.objectives.contract import DriftLimits
from shopkeeper.quality.local_days import every_day

OWN_SPREAD: Final = 2.0
"""How many times the reference's own largest week-to-week PSI a change must be."""
WENT_MISSING: Final = 0.1
"""A figure filled for less than this part of what it was went missing."""
NOT_MISSED: Final = 0.05
NEW_SHARE: Final = 0.05
"""Share of rows with categories the reference does not name, beyond that it had itself, from which they are told."""
CONSTANT_BEFORE: Final = 0.95
"""A figure whose most frequent value had this share of rows before does not become constant."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One figure in one window."""

    rows: Rows
    values: Column
    pair: Paired
    psi: float
    threshold: float
    p: float

    @property
    def moved(self) -> bool:
        return self.psi > self.threshold


def judge(
    reference: DriftReference,
    version: str,
    weeks: Sequence[Week],
    filled: Sequence[FilledDay],
    calendars: Mapping[str, Calendar],
    limits: DriftLimits,
    at: datetime,
) -> DriftReport:
    """Compare the newest weeks with a reference.

    Args:
        weeks: The newest first; as many as `limits.windows`.
        filled: Every day from 90 days before the first of the weeks on.
        calendars: Store -> its calendar as it is now.
    """
    first, last = min(week.first for week in weeks), max(week.last for week in weeks)
    days = sorted({one.day for one in filled} | set(every_day(first, last)))
    holes = find_holes(filled, reference.feeds, days)
    judged = [(subject, reference.figures[name]) for name, subject in subjects().items() if name in reference.figures]
    alpha = limits.significance / max(len(judged), 1)
    found = tuple(
        _Figure(subject, figure, reference.importance, limits, alpha).judged(weeks, calendars, holes)
        for subject, figure in judged
    )
    newest = weeks[0].first
    heard = {one.store for one in filled if one.day >= newest}
    silent = sorted({store for store, _ in holes} - heard)
    now = {key: frozenset(day for day in held if day >= newest) for key, held in holes.items() if key[0] in heard}
    notes = [
        f"no event of {store} came since {newest}; `shopkeeper check` says how old its data are" for store in silent
    ]
    notes += [
        f"the calendar of {store} has an entry that says no days: {entry}"
        for store, calendar in calendars.items()
        for entry in calendar.unread
    ]
    if not reference.importance:
        notes.append("the model tells no importances, so every figure matters")
    return DriftReport(
        reference.system,
        version,
        at,
        first,
        last,
        reference.first,
        reference.last,
        found,
        broken_feeds(now),
        tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure with what it is held against."""

    subject: Subject
    reference: FigureReference
    importances: Mapping[str, float]
    limits: DriftLimits
    alpha: float

    def judged(self, weeks: Sequence[Week], calendars: Mapping[str, Calendar], holes: Holes) -> Found:
        """Return the verdict, from what rules a verdict out to what makes it drift."""
        if not self.reference.whole:
            return self._without("insufficient data", "at training the history was shorter than it looks back")
        looks = [self._look(week, calendars, holes) for week in weeks]
        newest = looks[0]
        if newest is None:
            return self._without("insufficient data", "no rows in the newest window")
        return (
            self._on_broken_feed(newest, weeks[0], holes)
            or self._too_few(newest, weeks[0], calendars)
            or self._gone(newest)
            or self._unknown_values(newest, calendars, holes)
            or self._changed(newest, looks)
        )

    def _look(self, week: Week, calendars: Mapping[str, Calendar], holes: Holes) -> _Look | None:
        name = self.subject.name
        rows = next((one for one in week.rows if one.kind == self.subject.kind and name in one.columns), None)
        if rows is None or not len(rows):
            return None
        return self._compared(rows, rows.columns[name], calendars, holes, None)

    def _compared(
        self,
        rows: Rows,
        values: Column,
        calendars: Mapping[str, Calendar],
        holes: Holes,
        keep: Mask | None,
    ) -> _Look:
        labels = labels_of(self.subject, calendars, holes)
        current = in_strata(self.reference.cells, rows, values, labels, keep)
        pair = paired(self.reference.strata, current, self.reference.independence)
        if pair.rows < 1 or pair.reference_rows < 1:
            return _Look(rows, values, pair, 0.0, float("inf"), 1.0)
        shares, counts = pair.merged()
        change = psi(shares, counts)
        independent = pair.rows * self._independence(rows)
        chance = psi_threshold(len(shares), pair.reference_rows, independent, self.alpha)
        threshold = max(self.limits.psi, OWN_SPREAD * self.reference.usual, chance)
        noise = 1 / pair.reference_rows + 1 / independent
        p = float(stats.chi2.sf(change / noise, max(len(shares) - 1, 1)))
        return _Look(rows, values, pair, change, threshold, p)

    def _independence(self, rows: Rows) -> float:
        shared_by = self.subject.shared_by
        return len(np.unique(rows.columns[shared_by].astype(str))) / len(rows) if shared_by else 1.0

    def _on_broken_feed(self, look: _Look, week: Week, holes: Holes) -> Found | None:
        left_out = len(look.rows) - look.pair.rows - look.pair.unlike
        if left_out < len(look.rows) / 2:
            return None
        begin = week.first - timedelta(days=self.subject.looks_back)
        days = {
            source: {day for day in held if begin <= day <= week.last}
            for (_, source), held in holes.items()
            if source in self.subject.sources
        }
        sources = sorted(source for source, held in days.items() if held)
        ended = max((day for held in days.values() for day in held), default=week.last)
        told = f"rests on {', '.join(sources)}, broken until {ended}"
        return self._without("broken feed" if ended >= week.first else "insufficient data", told, look)

    def _too_few(self, look: _Look, week: Week, calendars: Mapping[str, Calendar]) -> Found | None:
        needed = self.limits.minimum_rows
        if look.pair.rows >= needed and look.pair.reference_rows >= needed:
            return None
        told = (
            f"{look.pair.rows:,.0f} rows now and {look.pair.reference_rows:,.0f} then; {needed} are needed on each side"
        )
        if look.pair.unlike:
            names = {
                cal.label(day, self.subject.feels) for cal in calendars.values() for day in (week.first, week.last)
            }
            kind = ", ".join(sorted(names - {""})) or "ordinary days"
            told = f"{look.pair.unlike:,.0f} rows lie on days the reference has none like ({kind}); {told}"
        return self._without("insufficient data", told, look)

    def _gone(self, look: _Look) -> Found | None:
        there, before = float(1 - missing(look.values).mean()), self.reference.filled
        if before >= NOT_MISSED and there < WENT_MISSING * before:
            return self._found("broken feed", f"went missing: filled for {there:.1%} of rows, {before:.1%} then", look)
        held = look.values[~missing(look.values)]
        if len(held) >= self.limits.minimum_rows and len(np.unique(held.astype(str))) == 1:
            shares = look.pair.reference / look.pair.reference.sum()
            if shares.max() < CONSTANT_BEFORE:
                return self._found("broken feed", f"became constant: {str(held[0])[:40]!r} in every row", look)
        return None

    def _unknown_values(self, look: _Look, calendars: Mapping[str, Calendar], holes: Holes) -> Found | None:
        cells = self.reference.cells
        if cells.edges is not None or self.subject.name == "demand_product":
            return None
        new = _unseen(cells, look.values)
        if new.mean() < cells.rare + NEW_SHARE:
            return None
        rest = self._compared(look.rows, look.values, calendars, holes, ~new)
        if rest.moved:
            return None
        names, counts = np.unique(look.values[new].astype(str), return_counts=True)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        told = f"{str(names[np.argmax(counts)])[:40]!r}{more} in {new.mean():.1%} of rows; the rest is as it was"
        return self._found("new category", told, look)

    def _changed(self, newest: _Look, looks: Sequence[_Look | None]) -> Found:
        lasting = 0
        for look in looks:
            if look is None or not look.moved:
                break
            lasting += 1
        if not lasting:
            return self._found("same", "not large" if newest.psi <= self.limits.psi else "not sure", newest)
        share = None if not self.importances else self.importances.get(self.subject.name, 0.0)
        if lasting < self.limits.windows:
            told = f"in {lasting} of {self.limits.windows} windows that it must last"
            return self._found("moved", told, newest, lasting)
        if not self.subject.always and share is not None and share < self.limits.importance:
            told = f"has {share:.1%} of the model's importance; {self.limits.importance:.1%} is needed"
            return self._found("moved", told, newest, lasting)
        return self._found("drift", f"for {lasting} windows", newest, lasting)

    def _found(self, verdict: Verdict, reason: str, look: _Look, windows: int = 0) -> Found:
        pair = look.pair
        comparable = pair.rows > 0 and pair.reference_rows > 0
        apart = jensen_shannon(pair.reference, pair.current) ** 0.5 if comparable else None
        return Found(
            self.subject.name,
            self.subject.kind,
            verdict,
            reason,
            psi=look.psi if comparable else None,
            threshold=look.threshold if comparable else None,
            p=look.p if comparable else None,
            jensen_shannon=apart,
            shift=self._shift(pair) if comparable else None,
            windows=windows,
            rows=pair.rows,
            reference_rows=pair.reference_rows,
            importance=self.importances.get(self.subject.name) if self.importances else None,
            filled=float(1 - missing(look.values).mean()),
            filled_then=self.reference.filled,
        )

    def _without(self, verdict: Verdict, reason: str, look: _Look | None = None) -> Found:
        if look is not None:
            return self._found(verdict, reason, look)
        return Found(self.subject.name, self.subject.kind, verdict, reason, filled_then=self.reference.filled)

    def _shift(self, pair: Paired) -> float | None:
        cells = self.reference.cells
        if cells.edges is None or cells.spread <= 0 or pair.current[:-1].sum() <= 0 or pair.reference[:-1].sum() <= 0:
            return None
        return wasserstein(cells.centres, pair.reference[:-1], pair.current[:-1]) / cells.spread


def _unseen(cells: Cells, values: Column) -> Mask:
    known = set(cells.known)
    return np.array([value is not None and str(value) not in known for value in values], dtype=np.bool_)
