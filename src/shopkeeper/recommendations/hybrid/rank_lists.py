"""Lists a ranker learns from: what came into question for a shopper in the past, and what they then took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.rank_questions import Integers, ListPlan, cut_dates, questions

_EVEN: npt.NDArray[np.float32] = np.empty(0, dtype=np.float32)
InQuestion = tuple[Integers, npt.NDArray[np.float32], npt.NDArray[np.bool_]]
"""Products in question, their rows, and which of them content alone names."""

Rows = Callable[[Asked], InQuestion]
"""Returns what is in question by what was known before the cut."""

RowsAt = Callable[[Interactions, int], Rows]
"""Learns all there is to know from interactions before a cut, microseconds."""


@dataclass(frozen=True)
class RankLists:
    """Lists end to end.

    Attributes:
        rows: Features; shape (m, features).
        grades: 0 = not taken, 1 = looked at or rated, 2 = put into the cart, 3 and above = bought, by band of margin;
            shape (m,).
        settled: The grade by what was taken before the newest cut, for lists of earlier ones; shape (m,).
        alone: Whether content alone names the product; shape (m,).
        lengths: Products of each list; shape (n,).
        stores: Store code of each list; shape (n,).
        turns: Which cut each list was made at, 0 = the oldest; shape (n,).
        place_weights: What a product counts by how seldom the place it was taken from is looked at, 1 where it was from
            none; shape (m,), else (0,).
    """

    rows: npt.NDArray[np.float32]
    grades: npt.NDArray[np.int32]
    settled: npt.NDArray[np.int32]
    alone: npt.NDArray[np.bool_]
    lengths: Integers
    stores: npt.NDArray[np.int32]
    turns: npt.NDArray[np.int32]
    place_weights: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def gains(self, worth: Sequence[float]) -> npt.NDArray[np.float64]:
        """Return what each product is worth by its grade and by how seldom it was looked at; shape (m,)."""
        plain = np.asarray(worth, dtype=np.float64)[self.grades]
        return plain * self.place_weights if len(self.place_weights) else plain

    def of(self, lists: npt.NDArray[np.bool_]) -> RankLists:
        """Return some of the lists."""
        keep = np.repeat(lists, self.lengths)
        return RankLists(
            self.rows[keep],
            self.grades[keep],
            self.settled[keep],
            self.alone[keep],
            self.lengths[lists],
            self.stores[lists],
            self.turns[lists],
            self.place_weights[keep] if len(self.place_weights) else self.place_weights,
        )

    def among(self, keep: npt.NDArray[np.bool_]) -> RankLists:
        """Return the lists with some of their rows; a list in which nothing was taken then is gone. Shape (m,)."""
        count = len(self.lengths)
        owners = np.repeat(np.arange(count), self.lengths)
        taken = np.bincount(owners[keep & (self.grades > 0)], minlength=count) > 0
        rows = keep & taken[owners]
        lengths = np.bincount(owners[rows], minlength=count)[taken]
        return RankLists(
            self.rows[rows],
            self.grades[rows],
            self.settled[rows],
            self.alone[rows],
            lengths,
            self.stores[taken],
            self.turns[taken],
            self.place_weights[rows] if len(self.place_weights) else self.place_weights,
        )

    def parted(self) -> tuple[RankLists, RankLists]:
        """Return the lists of earlier cuts by what was taken before the newest, and those of the newest.

        So the days that judge have taught nothing, however far the days after one cut reach beyond the next.
        """
        newest = self.turns == self.turns.max()
        older = self.of(~newest)
        older = replace(older, grades=older.settled)
        return older.among(np.ones(len(older.rows), dtype=np.bool_)), self.of(newest)


def rank_lists(data: Interactions, rows_at: RowsAt, plan: ListPlan, seed: int) -> RankLists | None:
    """Return lists at several cuts, each made by what was known before its cut; None where nothing can be made.

    No row sees its own future: products, counts and similarities are learnt before the cut, the history ends before
    the moment that is asked, and what was taken lies at or after it.
    """
    draw = np.random.default_rng(seed)
    made = list[_Made]()
    cuts = cut_dates(data, plan)
    for turn, cut in enumerate(cuts):
        rows = rows_at(data.take(data.times < cut), cut)
        for asked, took, store in questions(data, (cut, cuts[-1]), plan, draw, plan.most // max(len(cuts), 1)):
            found, table, alone = rows(asked)
            taken = np.zeros((2, len(found)), dtype=np.int32)
            place_weights = np.ones(len(found), dtype=np.float32)
            place = np.minimum(np.searchsorted(took.items, found), len(took.items) - 1)
            hit = took.items[place] == found
            taken[:, hit], place_weights[hit] = took.grades[:, place[hit]], took.place_weights[place[hit]]
            if taken.any():
                made.append(_Made(table, taken, alone, place_weights, store, turn))
    if not made:
        return None
    return RankLists(
        np.concatenate([one.rows for one in made]),
        np.concatenate([one.grades[0] for one in made]),
        np.concatenate([one.grades[1] for one in made]),
        np.concatenate([one.alone for one in made]),
        np.array([len(one.alone) for one in made], dtype=np.int64),
        np.array([one.store for one in made], dtype=np.int32),
        np.array([one.turn for one in made], dtype=np.int32),
        np.concatenate([one.place_weights for one in made]) if data.position_exponent > 0 else _EVEN,
    )


class _Made(NamedTuple):
    """One list; grades in all and before the newest cut, shape (2, m)."""

    rows: npt.NDArray[np.float32]
    grades: npt.NDArray[np.int32]
    alone: npt.NDArray[np.bool_]
    place_weights: npt.NDArray[np.float32]
    store: int
    turn: int
