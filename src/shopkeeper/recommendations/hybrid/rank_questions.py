"""Questions a ranker learns from: what a shopper would have been asked in the past, and what they then took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.examination import place_weights
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import KINDS, PURCHASE, SECOND, Interactions, Sequences
from shopkeeper.recommendations.models.trends import DAY

BANDS = 5
"""Steps in which the margin of what was bought raises its worth."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ListPlan:
    """Which lists are made.

    Attributes:
        cuts: How many moments of the past.
        days: Days after each whose visits are asked about, or in which is looked what was taken; the newest ends with
            the data.
        step: Days between two of them.
        most: Lists in all at most; more shoppers are drawn by chance.
        visits: True asks in the middle of what a shopper did in those days what they took next, as serving does; False
            asks at the cut what they took in all those days.
        repeats: True counts what the shopper had met before.
    """

    cuts: int
    days: float
    step: float
    most: int
    visits: bool
    repeats: bool


class Took(NamedTuple):
    """What a shopper took: items, rising, with grades in all and before the newest cut, and what each counts."""

    items: Integers
    grades: npt.NDArray[np.int32]
    place_weights: npt.NDArray[np.float32]

    def of(self, keep: npt.NDArray[np.bool_]) -> Took:
        """Return some of it."""
        return Took(self.items[keep], self.grades[:, keep], self.place_weights[keep])


class Question(NamedTuple):
    """What is asked about one shopper, what is right, and the code of their store."""

    asked: Asked
    took: Took
    store: int


def cut_dates(data: Interactions, plan: ListPlan) -> tuple[int, ...]:
    """Return the cuts, oldest first; a fifth of the rows at least lies before each."""
    if not len(data):
        return ()
    earliest, newest = int(data.times[len(data) // 5]), int(data.times[-1]) + 1
    last = newest - min(int(plan.days * DAY), (newest - earliest) // 2)
    return tuple(
        cut for number in reversed(range(plan.cuts)) if (cut := last - int(number * plan.step * DAY)) > earliest
    )


def questions(
    data: Interactions, cuts: tuple[int, int], plan: ListPlan, draw: np.random.Generator, most: int
) -> Iterator[Question]:
    """Yield what is asked about shoppers who came after a cut.

    Args:
        cuts: This one and the newest.
    """
    cut, newest = cuts
    seen, end = data.sequences, cut + int(plan.days * DAY)
    inside = np.flatnonzero((seen.first_times >= cut) & (seen.first_times < end))
    shoppers, firsts, counts = np.unique(seen.shoppers[inside], return_index=True, return_counts=True)
    if len(shoppers) > most:
        kept = np.sort(draw.choice(len(shoppers), most, replace=False))
        shoppers, firsts, counts = shoppers[kept], firsts[kept], counts[kept]
    chosen = inside[firsts + (draw.integers(0, counts) if plan.visits else 0)]
    last = inside[firsts + counts - 1] + 1
    for shopper, place, after in zip(shoppers.tolist(), chosen.tolist(), last.tolist(), strict=True):
        moment = int(seen.first_times[place]) if plan.visits else cut
        start = int(seen.starts[shopper])
        known = start + int(np.searchsorted(seen.times[start:place], moment, side="left"))
        asked = _asked(data, seen, slice(start, known), shopper, int(seen.stores[place]), moment)
        took = _taken(data, seen, _next(seen, known, place) if plan.visits else slice(place, after), newest)
        if not plan.repeats:
            took = took.of(~np.isin(took.items, seen.items[start:known]))
        if len(took.items):
            yield Question(asked, took, int(seen.stores[place]))


def _next(seen: Sequences, known: int, place: int) -> slice:
    """Return the entries of the moment that `place` belongs to: one product, or a basket."""
    moment, end = seen.moments[place], place + 1
    while end < len(seen) and seen.moments[end] == moment:
        end += 1
    return slice(known, end)


def _asked(data: Interactions, seen: Sequences, part: slice, shopper: int, store: int, moment: int) -> Asked:
    batch = HistoryBatch(
        np.array([0, part.stop - part.start]),
        seen.items[part],
        seen.kinds[part],
        seen.times[part] // SECOND,
        np.array([store], dtype=np.int32),
        np.array([moment // SECOND]),
        (data.traits.of(shopper),),
    )
    return batch.asked(0, data.store_names[store], batch.strengths.astype(np.float64))


def _taken(data: Interactions, seen: Sequences, part: slice, newest: int) -> Took:
    """Return the items of a part of a sequence, each with its best grade; it counts by where it was come by first."""
    items, kinds = seen.items[part].astype(np.int64), seen.kinds[part]
    grades = np.where(kinds >= KINDS.index("cart"), 2, 1).astype(np.int32)
    bought = kinds == PURCHASE
    margins = data.facts.filled(len(data.index)).margins[items[bought]]
    bands = np.floor(np.clip(np.nan_to_num(margins), 0.0, 0.999) * BANDS)
    grades[bought] = 3 + bands.astype(np.int32)
    found, firsts, places = np.unique(items, return_index=True, return_inverse=True)
    best = np.zeros((2, len(found)), dtype=np.int32)
    before = seen.times[part] < newest
    np.maximum.at(best[0], places, grades)
    np.maximum.at(best[1], places[before], grades[before])
    positions = seen.positions[part][firsts] if len(seen.positions) else np.zeros(len(found), dtype=np.int16)
    return Took(found, best, place_weights(positions, data.position_exponent))
