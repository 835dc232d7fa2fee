"""The rules of one store at one version, made ready once, and the part of them that holds for one request."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.quality.local_days import zone_of
from shopkeeper.recommendations.categories import normal, prefixes
from shopkeeper.recommendations.rules.conditions import Condition, Page
from shopkeeper.recommendations.rules.merchandising import (
    Boost,
    Bought,
    Bury,
    Exclude,
    Filter,
    Include,
    Pin,
    Quota,
    Rule,
    When,
)
from shopkeeper.serving.catalogue import Card

_REMEMBERED: Final = 200_000
"""Cards whose rules are remembered, for each store."""
_CUTS: Final = 200
"""Pages whose rules are remembered, for each store."""
_JUDGED: Final = 5_000
"""Cards whose verdict is remembered, for each of them."""
_FOREVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say of one card on one kind of page, as far as neither time nor the page itself plays a part.

    Attributes:
        bars: A hard rule keeps it out.
        factor: What its score is multiplied by.
        timely: It depends on time or page after all; everything is asked anew then.
    """

    bars: bool
    factor: float
    timely: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The rules that hold on one kind of page until `ends`, by number, sorted by what they do.

    Attributes:
        mark: Names rules and version, the same in every process.
        timely: Rules that depend on time or page as well.
        most: Greatest factor a score can be multiplied by, at least 1.
        judged: Verdicts on cards, each good as long as the card is the very same.
    """

    mark: str
    ends: float
    filters: frozenset[int]
    bars: frozenset[int]
    timely: frozenset[int]
    factors: Mapping[int, float]
    quotas: Sequence[tuple[int, Quota]]
    includes: Sequence[tuple[int, Include]]
    pins: Sequence[tuple[int, Pin]]
    bought: Sequence[tuple[int, Bought]]
    most: float
    judged: dict[str, tuple[Card, Verdict]]

    def weigh(self, numbers: Iterable[int]) -> tuple[bool, float]:
        """Return whether the rules that are about a card bar it, and what they multiply its score by."""
        factor, barred, passed = 1.0, False, 0
        for number in numbers:
            if number in self.filters:
                passed += 1
            elif number in self.factors:
                factor *= self.factors[number]
            elif number in self.bars:
                barred = True
        return barred or passed < len(self.filters), factor


class RuleBook:
    """Rules of one store, indexed by what they name, so that a card is asked only what may concern it.

    Used from several threads; what is remembered of a card is found again as long as the card is the very same, so
    every answer obeys the live price, stock and status.

    Args:
        version: Of the rules; the numbers of the sets they come from.
        rules: In the order in which the first of equals counts.
        store: Whose time zone and tax they are read with.
    """

    def __init__(self, version: str, rules: Sequence[Rule], store: Store) -> None:
        self.version = version
        self.rules = tuple(rules)
        self.store = store
        self.conditions = tuple(Condition(rule.where, store) for rule in rules)
        self._windows = tuple(window(rule, store) for rule in rules)
        self._pages = tuple(_PageCondition(rule.when) for rule in rules)
        self._by_name: dict[tuple[str, str], list[int]] = {}
        self._others: list[int] = []
        for number, (rule, condition) in enumerate(zip(self.rules, self.conditions, strict=True)):
            if not isinstance(rule, Pin):
                self._file(number, condition)
        self._reads_page = any(page.reads_page for page in self._pages)
        self._known: dict[str, tuple[Card, tuple[int, ...]]] = {}
        self._cuts: dict[tuple[str, Page | None], Cut] = {}

    def matches(self, card: Card) -> tuple[int, ...]:
        """Return the numbers of the rules that are about a card, as far as that depends on the card alone; rising."""
        known = self._known.get(card.product.product)
        if known is not None and known[0] is card:
            return known[1]
        found = self._found(card)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[card.product.product] = (card, found)
        return found

    def cut(self, page: Page, now: datetime) -> Cut:
        """Return the rules that hold on a page now."""
        key = (page.surface, page if self._reads_page else None)
        cut = self._cuts.get(key)
        if cut is None or now.timestamp() >= cut.ends:
            cut = self._make_cut(page, now)
            if len(self._cuts) >= _CUTS:
                self._cuts.clear()
            self._cuts[key] = cut
        return cut

    def why_not(self, number: int, page: Page, now: datetime) -> str | None:
        """Return why a rule does not hold on a page now; None where it does."""
        rule, (begins, ends) = self.rules[number], self._windows[number]
        moment = now.timestamp()
        if not rule.on:
            return "it is off"
        if moment < begins:
            return f"it begins {datetime.fromtimestamp(begins, UTC):%Y-%m-%d %H:%M} UTC"
        if moment >= ends:
            return f"it ended {datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC"
        return None if self._pages[number].holds(page) else "it is for other pages"

    def _file(self, number: int, condition: Condition) -> None:
        for kind, names in (("p", condition.products), ("b", condition.brands), ("c", condition.categories)):
            if names:
                for name in names:
                    self._by_name.setdefault((kind, name), []).append(number)
                return
        self._others.append(number)

    def _found(self, card: Card) -> tuple[int, ...]:
        product, filed = card.product, self._by_name
        numbers = set(self._others)
        if filed:
            numbers.update(filed.get(("p", product.product), ()))
            if product.parent is not None:
                numbers.update(filed.get(("p", product.parent), ()))
            if product.brand is not None:
                numbers.update(filed.get(("b", product.brand), ()))
            for category in prefixes(product.categories):
                numbers.update(filed.get(("c", category), ()))
        return tuple(number for number in sorted(numbers) if self.conditions[number].holds(card))

    def _make_cut(self, page: Page, now: datetime) -> Cut:
        moment = now.timestamp()
        changes = [edge for rule, edges in zip(self.rules, self._windows, strict=True) if rule.on for edge in edges]
        numbers = [n for n in range(len(self.rules)) if self.why_not(n, page, now) is None]
        held = [(n, self.rules[n]) for n in numbers]
        factors = {n: rule.by for n, rule in held if isinstance(rule, Boost | Bury)}
        most = 1.0
        for factor in factors.values():
            most *= max(factor, 1.0)
        return Cut(
            mark=hashlib.blake2b(f"{self.version} {numbers}".encode(), digest_size=8).hexdigest(),
            ends=min((edge for edge in changes if edge > moment), default=_FOREVER),
            filters=frozenset(n for n, rule in held if isinstance(rule, Filter)),
            bars=frozenset(n for n, rule in held if isinstance(rule, Exclude)),
            timely=frozenset(n for n in numbers if self.conditions[n].timely),
            factors=factors,
            quotas=[(n, rule) for n, rule in held if isinstance(rule, Quota)],
            includes=[(n, rule) for n, rule in held if isinstance(rule, Include)],
            pins=[(n, rule) for n, rule in held if isinstance(rule, Pin)],
            bought=[(n, rule) for n, rule in held if isinstance(rule, Bought)],
            most=most,
            judged={},
        )


class Plan:
    """The rules that hold for one request."""

    __slots__ = ("_here", "_now", "_page", "book", "cut")

    def __init__(self, book: RuleBook, page: Page, now: datetime) -> None:
        self.book = book
        self.cut = book.cut(page, now)
        self._page = page
        self._now = now
        self._here: dict[str, tuple[int, ...]] = {}  # one answer reads one card of a product

    def about(self, card: Card) -> tuple[int, ...]:
        """Return the numbers of the rules of the store that are about a card, here and now; rising."""
        product = card.product.product
        numbers = self._here.get(product)
        if numbers is None:
            numbers, timely = self.book.matches(card), self.cut.timely
            if not timely.isdisjoint(numbers):
                conditions, page, now = self.book.conditions, self._page, self._now
                numbers = tuple(n for n in numbers if n not in timely or conditions[n].holds_now(card, page, now))
            self._here[product] = numbers
        return numbers

    def bars(self, card: Card) -> bool:
        """Say whether a hard rule keeps a card out of every list."""
        verdict = self._verdict(card)
        return self.cut.weigh(self.about(card))[0] if verdict.timely else verdict.bars

    @property
    def hard_mark(self) -> Hashable:
        """Names what says which cards are barred: the rules, and the page where one of them reads it."""
        cut = self.cut
        return cut.mark if cut.timely.isdisjoint(cut.filters | cut.bars) else (cut.mark, self._page)

    def factor(self, card: Card) -> float:
        """Return what the score of a card is multiplied by."""
        verdict = self._verdict(card)
        return self.cut.weigh(self.about(card))[1] if verdict.timely else verdict.factor

    def _verdict(self, card: Card) -> Verdict:
        judged = self.cut.judged
        known = judged.get(card.product.product)
        if known is not None and known[0] is card:
            return known[1]
        numbers = self.book.matches(card)
        verdict = Verdict(*self.cut.weigh(numbers), timely=not self.cut.timely.isdisjoint(numbers))
        if len(judged) >= _JUDGED:
            judged.clear()
        judged[card.product.product] = (card, verdict)
        return verdict

    def days_barred(self, card: Card | None) -> float | None:
        """Return for how long a purchase bars a product, days; None where no rule says."""
        if not self.cut.bought or card is None:
            return None
        numbers = self.about(card)
        return next((rule.days for number, rule in self.cut.bought if number in numbers), None)

    @property
    def weighs(self) -> bool:
        """True where scores are changed."""
        return bool(self.cut.factors)

    @property
    def counts(self) -> bool:
        """True where places are: by pins, quotas or includes."""
        cut = self.cut
        return bool(cut.pins or cut.quotas or cut.includes)


class _PageCondition:
    """One `When`."""

    __slots__ = ("_brands", "_categories", "_products", "_surfaces", "reads_page")

    def __init__(self, when: When) -> None:
        self._surfaces = frozenset(when.surfaces)
        self._categories = frozenset(map(normal, when.page_categories))
        self._brands = frozenset(when.page_brands)
        self._products = frozenset(when.page_products)
        self.reads_page = bool(self._categories or self._brands or self._products)

    def holds(self, page: Page) -> bool:
        return (
            (not self._surfaces or page.surface in self._surfaces)
            and (not self._categories or not self._categories.isdisjoint(prefixes(page.categories)))
            and (not self._brands or not self._brands.isdisjoint(page.brands))
            and (not self._products or not self._products.isdisjoint(page.products))
        )


def window(rule: Rule, store: Store) -> tuple[float, float]:
    """Return when a rule begins and ends, seconds since 1970; without an offset its times are the store's own."""
    begins = -_FOREVER if rule.begins is None else _moment(rule.begins, store)
    return begins, _FOREVER if rule.ends is None else _moment(rule.ends, store)


def attributes_read(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the names of the attributes that rules ask for."""
    return frozenset(name for rule in rules for name in rule.where.attributes)


def _moment(said: datetime, store: Store) -> float:
    return (said if said.tzinfo is not None else said.replace(tzinfo=zone_of(store.time_zone))).timestamp()
