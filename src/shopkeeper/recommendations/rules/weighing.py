"""Boosts and buries: candidates in the order their multiplied scores give, without looking at more than needed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, TypeVar

from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.serving.catalogue import Card

LOOKS: Final = 5
"""Times as many candidates as are wanted, and `FEWEST` at least, among which a boost is looked for."""
FEWEST: Final = 100
FoundT = TypeVar("FoundT")


def weighed(found: Iterator[Found], plan: Plan | None, k: int) -> Iterator[Found]:
    """Return candidates by score times factor, best first; equal ones in the order they came.

    Args:
        found: Best first by score; it is read only as far as something behind could still come first.
        k: How many are wanted; what lies far behind them by score is lifted no more.
    """
    return found if plan is None or not plan.weighs else _weighed(found, plan, k)


def _weighed(found: Iterator[Found], plan: Plan, k: int) -> Iterator[Found]:
    most, looks = plan.cut.most, max(FEWEST, LOOKS * k)
    waiting: list[tuple[float, int, Found]] = []
    for seen, (item, score, card) in enumerate(found):
        if seen == looks:
            most = 1.0
        weight = score * min(plan.factor(card), most)
        if weight <= 0:  # buried behind all others: it comes back, if at all, with what fills up
            continue
        heapq.heappush(waiting, (-weight, seen, (item, weight, card)))
        while waiting and -waiting[0][0] >= score * most:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def weighed_places(
    found: Iterator[FoundT], card_of: Callable[[FoundT], Card], plan: Plan | None, window: int
) -> Iterator[FoundT]:
    """Yield what comes without scores by factor over place, best first; equal ones in the order they came.

    Args:
        window: How many of the first are looked at; the rest follows as it comes.
    """
    if plan is None or not plan.weighs:
        yield from found
        return
    first: list[tuple[float, int, FoundT]] = []
    buried: list[FoundT] = []
    for place, one in enumerate(islice(found, window), start=1):
        factor = plan.factor(card_of(one))
        if factor > 0:
            first.append((-factor / place, place, one))
        else:
            buried.append(one)
    first.sort(key=lambda entry: entry[:2])
    yield from (one for _, _, one in first)
    for one in found:
        if plan.factor(card_of(one)) > 0:
            yield one
        else:
            buried.append(one)
    yield from buried
