"""Who gets the places of one list: pins first, no product or parent twice, no quota exceeded, includes at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.rules.merchandising import Include, Quota
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.serving.catalogue import Card

FoundT = TypeVar("FoundT")
MANY: Final = 1_000_000_000
"""Places of a list without end."""


class Places:
    """The places of a list of `k`, given away one by one. One answer, one thread.

    Args:
        plan: Rules of the answer; None = there are none.
    """

    def __init__(self, k: int, plan: Plan | None) -> None:
        self._plan = plan
        self._quotas = plan if plan is not None and plan.cut.quotas else None
        self._taken: set[str] = set()
        self._counted: dict[tuple[int, str], int] = {}
        self.left = k
        """Places that are not given away."""
        self.pins: Mapping[int, Card] = {}
        """Place, from 1 -> the card that is pinned there."""

    def pin(self, allowed: Callable[[str], Card | None]) -> None:
        """Give pinned products their places.

        Args:
            allowed: Card of a product that no hard rule keeps out; None for any other.
        """
        if self._plan is not None and self._plan.cut.pins:
            self.pins = self._pinned(self.left, self._plan, allowed)

    def fits(self, card: Card) -> bool:
        """Say whether a card may have a place: it has none, nor has a variant of its parent, and no quota is full."""
        return _key(card) not in self._taken and (self._quotas is None or self._within(card, self._quotas))

    def admit(self, card: Card) -> bool:
        """Give a card a place if it fits and there is one; say whether it got it."""
        key = _key(card)
        if self.left <= 0 or key in self._taken:
            return False
        if self._quotas is not None:
            if not self._within(card, self._quotas):
                return False
            self._count(card, self._quotas, 1)
        self._taken.add(key)
        self.left -= 1
        return True

    def release(self, card: Card) -> None:
        """Take the place of a card back."""
        self.left += 1
        self._taken.discard(_key(card))
        if self._quotas is not None:
            self._count(card, self._quotas, -1)

    def admitted(self, found: Iterable[FoundT], card_of: Callable[[FoundT], Card]) -> Iterator[FoundT]:
        """Yield what gets a place, until there is none left."""
        if self.left <= 0:
            return
        for one in found:
            if self.admit(card_of(one)):
                yield one
                if self.left <= 0:
                    return

    def wants(self, include: tuple[int, Include], cards: Iterable[Card]) -> int:
        """Return how many products an include still lacks in a list, the pinned ones counted."""
        plan = self._plan
        if plan is None:
            return 0
        number, rule = include
        return rule.at_least - sum(number in plan.about(card) for card in (*cards, *self.pins.values()))

    def _pinned(self, k: int, plan: Plan, allowed: Callable[[str], Card | None]) -> Mapping[int, Card]:
        pins: dict[int, Card] = {}
        for _, pin in plan.cut.pins:
            if pin.position <= k and pin.position not in pins:
                card = allowed(pin.product)
                if card is not None and self.admit(card):
                    pins[pin.position] = card
        return pins

    def _within(self, card: Card, quotas: Plan) -> bool:
        return all(self._counted.get(name, 0) < most for name, most in counted_by(quotas, card))

    def _count(self, card: Card, quotas: Plan, step: int) -> None:
        for name, _ in counted_by(quotas, card):
            self._counted[name] = self._counted.get(name, 0) + step


def counted_by(plan: Plan, card: Card) -> Iterator[tuple[tuple[int, str], int]]:
    """Yield what a card is counted under by quotas, each with the most there may be of it."""
    about = plan.about(card)
    for number, quota in plan.cut.quotas:
        if number in about:
            value = _value(quota, card)
            if value is not None:
                yield (number, value), quota.at_most


def within_quotas(plan: Plan, cards: Iterable[Card]) -> bool:
    """Say whether a list keeps every quota."""
    counted: dict[tuple[int, str], int] = {}
    for card in cards:
        for name, most in counted_by(plan, card):
            counted[name] = counted.get(name, 0) + 1
            if counted[name] > most:
                return False
    return True


def _value(quota: Quota, card: Card) -> str | None:
    if quota.per is None:
        return ""
    if quota.per == "brand":
        return card.product.brand
    path = normal(card.category) if card.category else ""
    if quota.level is not None:
        path = " > ".join(path.split(" > ")[: quota.level])
    return path or None


def _key(card: Card) -> str:
    return card.product.parent or card.product.product
