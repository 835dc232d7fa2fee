"""What rules would do to a list before they hold: the list before and after, and what each rule did to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import Boost, Bury, Filter, Include, Pin, Rule, RuleSet
from shopkeeper.recommendations.rules.places import counted_by
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.shop_rules import page_of
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.catalogue import Card, Catalogue


class Move(Struct, frozen=True):
    """One product of a dry run.

    Attributes:
        title: Its name in the shop.
        before: Place in the list as it is now, from 1; null = it is not in it.
        after: Place in the list with the rules tried.
        rules: What rules did to it, in words.
    """

    product: str
    title: str
    before: int | None
    after: int | None
    rules: tuple[str, ...]


class Effect(Struct, frozen=True):
    """One rule of a dry run.

    Attributes:
        rule: Its name.
        do: What kind it is.
        why_not: Why it does not hold for this request; null = it does.
        products: Products on sale it is about, on this page.
        did: Products of the two lists it touched.
        conflict: What keeps it from doing what it says, in words; null = nothing does.
    """

    rule: str
    do: str
    why_not: str | None
    products: int
    did: int
    conflict: str | None


class DryRun(Struct, frozen=True):
    """What rules would do to the answer to one request.

    Attributes:
        surface: Of the request.
        page: Products the page is about.
        k: Products asked for.
        before: The list by the rules that hold now.
        after: The list by the rules tried.
        moves: Every product of both lists, as it stands after, then what left.
        rules: Every rule tried, in order.
    """

    surface: str
    page: tuple[str, ...]
    k: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    moves: tuple[Move, ...]
    rules: tuple[Effect, ...]


def dry_run(system: RecommendationSystem, request: RecommendationRequest, proposed: RuleSet) -> DryRun:
    """Return what a set would do in place of the one of its store; nothing is changed or kept.

    Without a model the rules' list is shown, as serving would.
    """
    tried = system.ruled_by(system.shop_rules.with_set(proposed))
    before, after = (_shown(one, request) for one in (system, tried))
    plan = tried.shop_rules.plan(request.body, tried.catalogue, request.now)
    if plan is None:
        moves = tuple(_move(product, before, after, tried.catalogue, request, ()) for product in _both(before, after))
        return DryRun(request.surface, request.body.products, request.body.k, before, after, moves, ())
    reading = _Reading(plan, request, tried.catalogue, before, after)
    return DryRun(
        request.surface, request.body.products, request.body.k, before, after, reading.moves(), reading.effects()
    )


def _shown(system: RecommendationSystem, request: RecommendationRequest) -> tuple[str, ...]:
    answer: RecommendationAnswer = system.answer(request) if system.version else system.fallback(request)
    return tuple(item.product for item in answer.items)


def _both(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from after
    yield from (product for product in before if product not in after)


def _move(
    product: str,
    before: Sequence[str],
    after: Sequence[str],
    catalogue: Catalogue,
    request: RecommendationRequest,
    rules: Iterable[str],
) -> Move:
    card = catalogue.card(request.store, product)
    title = product if card is None else card.title()
    return Move(product, title, _place(product, before), _place(product, after), tuple(rules))


def _place(product: str, shown: Sequence[str]) -> int | None:
    return shown.index(product) + 1 if product in shown else None


class _Reading:
    """The two lists, read with the rules tried."""

    def __init__(
        self,
        plan: Plan,
        request: RecommendationRequest,
        catalogue: Catalogue,
        before: tuple[str, ...],
        after: tuple[str, ...],
    ) -> None:
        self._plan = plan
        self._request = request
        self._catalogue = catalogue
        self._before = before
        self._after = after
        self._did: Counter[int] = Counter()
        cards = (catalogue.card(request.store, product) for product in after)
        self._full = Counter(name for card in cards if card is not None for name, _ in counted_by(plan, card))

    def moves(self) -> tuple[Move, ...]:
        """Return every product of both lists."""
        found = []
        for product in _both(self._before, self._after):
            card = self._catalogue.card(self._request.store, product)
            touched = [] if card is None else list(self._touching(card))
            self._did.update(number for number, _ in touched)
            words = (words for _, words in touched)
            found.append(_move(product, self._before, self._after, self._catalogue, self._request, words))
        return tuple(found)

    def effects(self) -> tuple[Effect, ...]:
        """Return every rule; to be asked after `moves`."""
        about = self._about()
        page = page_of(self._request.body, self._catalogue)
        found = []
        for number, rule in enumerate(self._plan.book.rules):
            why_not = self._plan.book.why_not(number, page, self._request.now)
            conflict = self._conflict(number, rule, about[number]) if why_not is None else None
            do = str(rule.__struct_config__.tag)
            found.append(Effect(rule.name, do, why_not, about[number], self._did[number], conflict))
        return tuple(found)

    def _about(self) -> Counter[int]:
        """Return how many products on sale each rule is about."""
        found: Counter[int] = Counter()
        for card in self._catalogue.cards(self._request.store):
            if card.available(self._request.now):
                found.update(self._plan.about(card))
        for number, pin in self._plan.cut.pins:
            found[number] = int(self._catalogue.available(self._request.store, pin.product, self._request.now))
        return found

    def _touching(self, card: Card) -> Iterator[tuple[int, str]]:
        """Yield the rules that have to do with a card's place, and what they did."""
        plan, rules = self._plan, self._plan.book.rules
        about = plan.about(card)
        shown = card.product.product in self._after
        for number in sorted(plan.cut.filters - set(about)):
            yield number, f"kept out: filter {rules[number].name!r} asks for something else"
        for number in about:
            rule = rules[number]
            if number in plan.cut.bars:
                yield number, f"kept out by {rule.name!r}"
            elif number in plan.cut.factors and isinstance(rule, Boost | Bury):
                yield number, f"score times {rule.by:g} by {rule.name!r}"
        for (number, value), most in counted_by(plan, card):
            if not shown and self._full[number, value] >= most:
                of = f" of {value}" if value else ""
                yield number, f"no place: {rules[number].name!r} allows {most}{of}"
        for number, pin in plan.cut.pins:
            if pin.product == card.product.product and shown:
                yield number, f"pinned to place {pin.position} by {pin.name!r}"
        for number, include in plan.cut.includes:
            if number in about and shown:
                yield number, f"counts for {include.name!r}"

    def _conflict(self, number: int, rule: Rule, about: int) -> str | None:
        if isinstance(rule, Pin):
            return self._pin_conflict(number, rule)
        if isinstance(rule, Include):
            cards = (self._catalogue.card(self._request.store, product) for product in self._after)
            there = sum(card is not None and number in self._plan.about(card) for card in cards)
            if there < rule.at_least:
                return f"only {there} of {rule.at_least} could be placed: the shelf, a hard rule or a quota has no more"
        if about:
            return None
        empty = isinstance(rule, Filter)
        return "no product on sale passes it, so lists here are empty" if empty else "no product on sale is meant"

    def _pin_conflict(self, number: int, pin: Pin) -> str | None:
        """Return why a pinned product is not in its place; hard rules win."""
        place = _place(pin.product, self._after)
        if place == pin.position:
            return None
        request, product = self._request, pin.product
        card = self._catalogue.card(request.store, product)
        if card is None:
            return f"{product} is not sold in this store"
        barring = [words for _, words in self._touching(card) if words.startswith(("kept out", "no place"))]
        others = [p.name for n, p in self._plan.cut.pins if p.position == pin.position and n != number]
        reasons = (
            (not card.available(request.now), f"{product} is sold out or not for sale now"),
            (pin.position > request.body.k, f"the list has {request.body.k} places"),
            (bool(barring), f"a hard rule wins: {''.join(barring[:1])}"),
            (product in (*request.body.products, *request.body.exclude), "the page or the request's excludes name it"),
            (place is not None, f"the list is shorter than {pin.position}, so it stands at {place}"),
            (bool(others), f"{''.join(others[:1])!r} has this place"),
        )
        return next((why for holds, why in reasons if holds), "the request's filters or candidates keep it out")
