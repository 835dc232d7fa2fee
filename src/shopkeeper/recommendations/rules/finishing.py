"""The end of a list: includes take its last places, pins theirs, and scores never rise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

import msgspec

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Recommendation
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.merchandising import Include, Where
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.serving.catalogue import Card

LOOKS: Final = 500
"""Products looked at for one include."""


def finished(
    chosen: list[Recommendation], rules: Rules, places: Places, lists: Callable[[Where], Iterable[str]]
) -> tuple[Recommendation, ...]:
    """Return a list with its includes and pins.

    Args:
        chosen: Products that have their places, best first.
        lists: Products among which those a condition means are found, the most wanted first.
    """
    plan = rules.plan
    if plan is None:
        return tuple(chosen)
    listed = [(one, card) for one in chosen if (card := rules.allowed(one.product)) is not None]
    for include in plan.cut.includes:
        _include(include, listed, rules, plan, places, lists)
    found = [one for one, _ in listed]
    for place in sorted(places.pins):
        found.insert(place - 1, Recommendation(places.pins[place].product.product, 0.0, (reasons.FEATURED,)))
    pinned = {card.product.product for card in places.pins.values()}
    return tuple(_falling(found, pinned))


def _include(
    include: tuple[int, Include],
    listed: list[tuple[Recommendation, Card]],
    rules: Rules,
    plan: Plan,
    places: Places,
    lists: Callable[[Where], Iterable[str]],
) -> None:
    """Put at the end what an include lacks; what no include needs makes room, the last first."""
    number, rule = include
    lacking = places.wants(include, (card for _, card in listed))
    if lacking <= 0:
        return
    for product in islice(lists(rule.where), LOOKS):
        card = rules.allowed(product)
        if card is None or number not in plan.about(card):
            continue
        if places.left <= 0 and not _make_room(listed, plan, places, card):
            continue
        if places.admit(card):
            floor = listed[-1][0].score if listed else 1.0
            listed.append((Recommendation(card.product.product, floor, (reasons.FEATURED,)), card))
            lacking -= 1
            if lacking == 0:
                return


def _make_room(listed: list[tuple[Recommendation, Card]], plan: Plan, places: Places, card: Card) -> bool:
    """Take the last product that no include needs from the list, if `card` may have its place; say whether."""
    for place in range(len(listed) - 1, -1, -1):
        leaving = listed[place][1]
        about = plan.about(leaving)
        others = [other for _, other in listed if other is not leaving]
        if any(number in about and places.wants((number, rule), others) > 0 for number, rule in plan.cut.includes):
            continue
        places.release(leaving)
        if places.fits(card):
            del listed[place]
            return True
        places.admit(leaving)
    return False


def _falling(found: list[Recommendation], pinned: set[str]) -> Iterable[Recommendation]:
    """Yield a list whose scores never rise: a pinned product has the score of the one after it, else before it."""
    scores: list[float] = []
    after = None
    for one in reversed(found):
        after = after if one.product in pinned else one.score
        scores.append(-1.0 if after is None else after)
    lowest = next((score for score in scores if score >= 0), 1.0)
    bound = float("inf")
    for one, score in zip(found, reversed(scores), strict=True):
        bound = min(bound, lowest if score < 0 else score)
        yield msgspec.structs.replace(one, score=bound)
