"""What must never be in an answer, checked on every product against the live catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import force_setattr

from shopkeeper.commerce.product import Product
from shopkeeper.recommendations.catalogue.siblings import Siblings
from shopkeeper.recommendations.categories import under
from shopkeeper.recommendations.request import NO_FILTERS, Filters
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.serving.catalogue import Card, Catalogue


class Rules(Struct, frozen=True, gc=False):
    """All hard rules of one answer.

    Attributes:
        barred: Products that must not appear, nor variants of them: asked to be excluded, on the page, bought before.
        only: Products the answer is chosen from; None = all of the store.
        plan: What the shop's own rules want of it; None = it has none.
        hides: Whether no sensitive product is shown, whatever the page is about.
        about: Categories the page is about: of sensitive products only theirs are shown. None = the page names its
            products itself.
        heads: Products that stand for all variants of a parent in what was learnt -> the parent.
        unruled: Only `barred`, `only` and what a card says of its own sale and of being sensitive can forbid it.
    """

    catalogue: Catalogue
    siblings: Siblings
    store: str
    now: datetime
    filters: Filters
    barred: frozenset[str]
    only: frozenset[str] | None = None
    plan: Plan | None = None
    hides: bool = False
    about: tuple[str, ...] | None = ()
    heads: Mapping[str, str] = {}
    unruled: bool = False

    def __post_init__(self) -> None:
        force_setattr(self, "unruled", self.filters is NO_FILTERS and self.plan is None)

    def shown(self, product: str, *, from_history: bool = False) -> Card | None:
        """Return the card a list shows for a product: its own or, where it is a variant not on sale now, a sibling's.

        Of the siblings that may be shown it is the first by `Siblings.of`; a sensitive one never stands in for one that
        is not, nor the other way. None where neither may be shown. For one of `heads` any variant of its parent stands
        in, whatever keeps it out itself but that it is barred. Arguments as in `allowed`.
        """
        card = self.allowed(product, from_history=from_history)
        if card is not None:
            return card
        family = self.heads.get(product)
        if family is not None:
            return self._of_family(product, family, from_history=from_history)
        return self._stand_in(product, from_history=from_history)

    def _of_family(self, product: str, family: str, *, from_history: bool) -> Card | None:
        if product in self.barred or family in self.barred:
            return None
        gone = self.catalogue.card(self.store, product)
        if gone is not None:
            names = list(self.siblings.of(self.store, gone))
        else:
            names = [card.product.product for card in self.catalogue.variants(self.store, family)]
        for sibling in names:
            card = self.allowed(sibling, from_history=from_history)
            if card is not None and (gone is None or _same(card.product, gone.product)):
                return card
        return None

    def _stand_in(self, product: str, *, from_history: bool) -> Card | None:
        gone = self.catalogue.card(self.store, product)
        if gone is None or gone.product.parent is None or gone.available(self.now):
            return None
        if product in self.barred or (self.only is not None and product not in self.only):
            return None
        if from_history and gone.product.sensitive:
            return None
        for sibling in self.siblings.of(self.store, gone):
            card = self.allowed(sibling)
            if card is not None and _same(card.product, gone.product):
                return card
        return None

    def allowed(self, product: str, *, from_history: bool = False) -> Card | None:
        """Return the card of a product that may be shown; None when a rule forbids it.

        Args:
            product: Product id.
            from_history: It would be shown because of what the shopper did before; sensitive products never are.
        """
        if product in self.barred or (self.only is not None and product not in self.only):
            return None
        card = self.catalogue.card(self.store, product)
        if card is None or not self._lets_pass(card) or (from_history and card.product.sensitive):
            return None
        return card

    def all_allowed(self, products: Sequence[str]) -> Sequence[Card] | None:
        """Return the cards of products that may all be shown, as `allowed` says; None when a rule forbids one."""
        if not self.barred.isdisjoint(products) or (self.only is not None and not self.only.issuperset(products)):
            return None
        found, plain = [], self.unruled and not self.barred
        for card in self.catalogue.cards_of(self.store, products):
            if card is None:
                return None
            simply = plain and card.on_sale and not card.dated and not card.product.sensitive
            if not simply and not self._lets_pass(card):
                return None
            found.append(card)
        return found

    def _lets_pass(self, card: Card) -> bool:
        """Say whether a product may be shown that is neither barred nor left out by its own id."""
        product = card.product
        if not card.on_sale or (card.dated and not card.available(self.now)):
            return False
        if product.parent is not None and product.parent in self.barred:
            return False
        if product.sensitive and not self._of_the_page(product):
            return False
        if self.unruled:
            return True
        if self.filters is not NO_FILTERS and not passes(card, self.filters):
            return False
        return self.plan is None or not self.plan.bars(card)

    def _of_the_page(self, product: Product) -> bool:
        """Say whether a sensitive product is what the page itself is about."""
        if self.hides:
            return False
        return self.about is None or self.catalogue.sensitivity.about(product, self.about)

    def places(self, k: int) -> Places:
        """Return the places of a list, those of pinned products given away."""
        places = Places(k, self.plan)
        places.pin(self.allowed)
        return places

    def kept(self, card: Card) -> bool:
        """Say whether a rule of the shop wants a product where it stands: a pin, or an include that counts it."""
        if self.plan is None or not self.plan.counts:
            return False
        cut, about = self.plan.cut, self.plan.about(card)
        pinned = any(pin.product == card.product.product for _, pin in cut.pins)
        return pinned or any(number in about for number, _ in cut.includes)


def _same(one: Product, other: Product) -> bool:
    return one.parent == other.parent and one.sensitive == other.sensitive


def passes(card: Card, filters: Filters) -> bool:
    """Say whether a card satisfies every filter."""
    if filters.empty:
        return True
    if filters.brands and card.product.brand not in filters.brands:
        return False
    if filters.categories and not any(under(card.product.categories, category) for category in filters.categories):
        return False
    if filters.price_min is None and filters.price_max is None:
        return True
    if card.price is None:
        return False
    low = filters.price_min if filters.price_min is not None else 0.0
    return card.price >= low and (filters.price_max is None or card.price <= filters.price_max)
