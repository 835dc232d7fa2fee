"""Several questions end to end, so that what is done for each entry of each is done once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked, ages_in, ages_of
from shopkeeper.recommendations.segments import owners_of, starts_of

_OF_ENTRIES = frozenset({"lengths", "longest", "owners", "columns", "ages"})
"""Cached properties that no weight changes."""


@dataclass(frozen=True)
class ManyAsked:
    """Questions of several shoppers.

    Attributes:
        questions: One by one; `weights` stand for theirs.
        starts: Where the entries of each begin, and one more at the end; shape (n + 1,).
        items, weights, kinds, times, page: As in `Asked`, end to end; shape (m,).
    """

    questions: Sequence[Asked]
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    page: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @staticmethod
    def of(questions: Sequence[Asked]) -> ManyAsked:
        """Return some questions, at least one, as they are."""
        starts = starts_of(np.array([len(one) for one in questions]))
        if len(questions) == 1:
            one = questions[0]
            return ManyAsked(questions, starts, one.items, one.weights, one.kinds, one.times, one.page)
        return ManyAsked(
            questions,
            starts,
            np.concatenate([one.items for one in questions]),
            np.concatenate([one.weights for one in questions]),
            np.concatenate([one.kinds for one in questions]),
            np.concatenate([one.times for one in questions]),
            np.concatenate([one.page for one in questions]),
        )

    @property
    def only(self) -> Asked | None:
        """The question, where it is the only one and its weights are its own."""
        one = self.questions[0] if len(self) == 1 else None
        return one if one is not None and one.weights is self.weights else None

    @cached_property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Entries of each question; shape (n,)."""
        return self.starts[1:] - self.starts[:-1]

    @cached_property
    def longest(self) -> int:
        """Entries of the longest question."""
        return int(self.lengths.max(initial=0))

    @cached_property
    def owners(self) -> npt.NDArray[np.int64]:
        """Which question each entry is of; shape (m,)."""
        return owners_of(self.starts)

    @cached_property
    def columns(self) -> npt.NDArray[np.int64]:
        """Column of each entry where questions lie below each other, their newest entries in the last; shape (m,)."""
        return np.arange(len(self.items)) + (self.longest - self.starts[1:])[self.owners]

    @cached_property
    def ages(self) -> npt.NDArray[np.int64]:
        """How many moments of the past lie between each entry and the newest of its past, 0 for the page; (m,)."""
        past = ~self.page
        if past.all():
            return ages_in(self.times) if len(self) == 1 else ages_of(self.starts, self.times)
        before = starts_of(past)
        ages = np.zeros(len(past), dtype=np.int64)
        ages[past] = ages_of(before[self.starts], self.times[past])
        return ages

    @cached_property
    def each(self) -> list[Asked]:
        """The questions one by one, with their weights here."""
        bounds = pairwise(self.starts.tolist())
        return [one.weighed(self.weights[start:end]) for one, (start, end) in zip(self.questions, bounds, strict=True)]

    def weighed(self, weights: npt.NDArray[np.float64], questions: Sequence[Asked] = ()) -> ManyAsked:
        """Return the same questions with other weights.

        Args:
            questions: Where they are made anew; empty = the same.
        """
        told = questions or self.questions
        other = ManyAsked(told, self.starts, self.items, weights, self.kinds, self.times, self.page)
        shared = {name: value for name, value in vars(self).items() if name in _OF_ENTRIES}
        vars(other).update(shared)
        return other

    def newest(self, most: int) -> ManyAsked:
        """Return the same questions, the past of each cut to its newest `most` entries; pages stay whole."""
        if self.longest <= most:
            return self
        shown = np.bincount(self.owners, weights=self.page, minlength=len(self))
        return self if (self.lengths - shown <= most).all() else ManyAsked.of([one.newest(most) for one in self.each])

    def take(self, rows: npt.NDArray[np.int64]) -> ManyAsked:
        """Return some of the questions, at least one."""
        return ManyAsked.of([self.each[row] for row in rows.tolist()])
