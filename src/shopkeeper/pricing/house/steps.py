"""Values that hold from a moment until the next one, as means over weeks and as they stood at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.shelf import Floats, Ints

DAY: Final = 86_400_000_000
WEEK: Final = 7 * DAY
"""Microseconds."""
FAR: Final = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, slots=True)
class Steps:
    """Points of step functions, sorted by row and time.

    Attributes:
        row: Whose function a point belongs to, shape (points,).
        at: Microseconds, by the clock of the store.
        value: From then on, NaN = unknown.
    """

    row: Ints
    at: Ints
    value: Floats

    @classmethod
    def of(cls, row: npt.NDArray[np.integer], at: npt.NDArray[np.integer], value: npt.NDArray[np.floating]) -> Steps:
        """Sort points; of several at one moment the last given holds."""
        order = np.lexsort((np.arange(len(row)), at, row))
        row, at, value = row[order], at[order], value[order]
        last = np.ones(len(row), np.bool_)
        last[:-1] = (row[1:] != row[:-1]) | (at[1:] != at[:-1])
        return cls(row[last].astype(np.int64), at[last].astype(np.int64), value[last].astype(np.float64))

    def with_values(self, value: Floats) -> Steps:
        """Return the same points with other values."""
        return Steps(self.row, self.at, value)

    def until(self, end: int, longest: int | None = None) -> Ints:
        """Return when each point stops to hold: at the next one of its row, after `longest`, or at `end`."""
        stop = np.full(len(self.row), end, np.int64)
        same = self.row[1:] == self.row[:-1]
        stop[:-1][same] = np.minimum(self.at[1:][same], end)
        return stop if longest is None else np.minimum(stop, self.at + longest)

    def weekly(self, rows: int, first: int, weeks: int, longest: int | None = None) -> tuple[Floats, Floats]:
        """Return the mean over time of each row's known values in each week, and the share of the week they cover.

        Args:
            rows: How many functions there are.
            first: When the first week begins.
            longest: Microseconds for which a value is believed at most.
        Returns:
            Means, NaN where nothing is known, and shares; both of shape (rows, weeks).
        """
        shape = (rows, weeks)
        end = first + weeks * WEEK
        start, stop = np.maximum(self.at, first), self.until(end, longest)
        held = np.isfinite(self.value) & (stop > start)
        row, start, stop, value = self.row[held], start[held] - first, stop[held] - first, self.value[held]
        touched = (stop - 1) // WEEK - start // WEEK + 1
        whose = np.repeat(np.arange(len(row)), touched)
        week = start[whose] // WEEK + np.arange(len(whose)) - np.repeat(np.cumsum(touched) - touched, touched)
        span = np.minimum(stop[whose], (week + 1) * WEEK) - np.maximum(start[whose], week * WEEK)
        cell = row[whose] * weeks + week
        share: Floats = np.asarray(np.bincount(cell, span / WEEK, rows * weeks).reshape(shape), np.float64)
        total = np.bincount(cell, span / WEEK * value[whose], rows * weeks).reshape(shape)
        return np.divide(total, share, out=np.full(shape, np.nan), where=share > 0), share

    def standing(self, rows: int, moment: int) -> tuple[Floats, Ints]:
        """Return each row's value at a moment and since when it stands; NaN and -1 where there is none."""
        value, since = np.full(rows, np.nan), np.full(rows, -1, np.int64)
        there = self.at <= moment
        row, at = self.row[there], self.at[there]
        last = np.ones(len(row), np.bool_)
        last[:-1] = row[1:] != row[:-1]
        value[row[last]], since[row[last]] = self.value[there][last], at[last]
        return value, since

    def changes(self) -> Steps:
        """Return the points at which the value becomes another one."""
        new = np.ones(len(self.row), np.bool_)
        both = np.isnan(self.value[1:]) & np.isnan(self.value[:-1])
        new[1:] = (self.row[1:] != self.row[:-1]) | ((self.value[1:] != self.value[:-1]) & ~both)
        return Steps(self.row[new], self.at[new], self.value[new])

    def lowest(self, rows: int, since: Ints, until: Ints) -> Floats:
        """Return the lowest value each row had at any time from `since` to `until`, NaN where none is known.

        Args:
            since, until: Of each row, shape (rows,).
        """
        held = np.isfinite(self.value) & (self.until(FAR) > since[self.row]) & (self.at < until[self.row])
        found = np.full(rows, np.inf)
        np.minimum.at(found, self.row[held], self.value[held])
        return np.where(np.isfinite(found), found, np.nan)
