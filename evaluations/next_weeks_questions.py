"""The questions of `next_weeks.py`: at a cut, what came before, and what shoppers took in the weeks after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import NotEnoughData
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions

DAYS = 28
DAY = 86_400 * SECOND
ENOUGH = 400
"""Questions from which on no earlier weeks are asked as well."""
MOST_CUTS = 3
REPEATED = 0.05
"""Share of purchases that are repeats from which on repeats count."""


@dataclass(frozen=True)
class Weeks:
    """One cut: what came before, and what shoppers took after.

    Attributes:
        past: Everything before the cut.
        told: History of each shopper asked.
        taken: Item codes each took, rising.
        shoppers: Code of each.
        repeats: Whether what was met before competes.
    """

    cut: int
    past: Interactions
    told: HistoryBatch
    taken: tuple[npt.NDArray[np.int64], ...]
    shoppers: npt.NDArray[np.int64]
    repeats: bool

    @property
    def cold(self) -> npt.NDArray[np.bool_]:
        """Which shoppers have no past."""
        cold: npt.NDArray[np.bool_] = np.diff(self.told.starts) == 0
        return cold


def weeks_after(data: Interactions, cut: int, end: int, repeats: bool) -> Weeks:
    """Return the questions of one cut about what happens before `end`."""
    seen, past = data.sequences, data.take(data.times < cut)
    before = past.sequences
    inside = np.flatnonzero((seen.first_times >= cut) & (seen.first_times < end))
    shoppers, firsts = np.unique(seen.shoppers[inside], return_index=True)
    kept, taken, parts = [], [], []
    for shopper, part in zip(shoppers.tolist(), np.split(seen.items[inside], firsts[1:]), strict=True):
        known = slice(int(before.starts[shopper]), int(before.starts[shopper + 1]))
        right = np.unique(part).astype(np.int64)
        if not repeats:
            right = np.setdiff1d(right, before.items[known])
        if len(right):
            kept.append(shopper)
            taken.append(right)
            parts.append(np.arange(known.start, known.stop))
    rows = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    first_of = dict(zip(shoppers.tolist(), inside[firsts].tolist(), strict=True))
    told = HistoryBatch(
        starts,
        before.items[rows],
        before.kinds[rows],
        before.times[rows] // SECOND,
        np.array([seen.stores[first_of[shopper]] for shopper in kept], dtype=np.int32),
        np.full(len(kept), cut // SECOND),
        tuple(data.traits.of(shopper) for shopper in kept) if len(data.traits.codes) else (),
    )
    return Weeks(cut, past, told, tuple(taken), np.array(kept, dtype=np.int64), repeats)


def plan(data: Interactions) -> tuple[list[Weeks], Weeks]:
    """Return the questions of the test, newest cut first, and those parameters are chosen by."""
    newest, oldest = int(data.times[-1]) + 1, int(data.times[0])
    step = min(DAYS * DAY, (newest - oldest) // 5)
    bought = data.sequences.kinds == PURCHASE
    pairs = data.sequences.shoppers[bought].astype(np.int64) * len(data.index) + data.sequences.items[bought]
    repeats = bool(len(pairs)) and 1.0 - len(np.unique(pairs)) / len(pairs) > REPEATED
    tests: list[Weeks] = []
    while len(tests) < MOST_CUTS and sum(len(one.taken) for one in tests) < ENOUGH:
        cut = newest - (len(tests) + 1) * step
        if cut - step <= oldest:
            break
        tests.append(weeks_after(data, cut, cut + step, repeats))
    if not tests or not len(tests[0].taken):
        raise NotEnoughData("Nobody comes in the last weeks of these data.", "Take data of a longer time.")
    first = tests[-1].cut
    return tests, weeks_after(data.take(data.times < first), first - step, first, repeats)
