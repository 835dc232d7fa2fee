"""The shelf as it is now: what each store sells, at what price, and whether it can be bought.

Held in memory by the serving process and changed by every accepted upsert before the 202, so that no later answer
shows a withdrawn or sold-out product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar, cast

import msgspec

from shopkeeper.commerce.product import RECOMMENDABLE, Inventory, Price, Product
from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.sensitive import Sensitivity


@dataclass(frozen=True, slots=True)
class Card:
    """One product as one store shows it now.

    Attributes:
        stock: Units on hand by the newest of product and inventory rows; None = not tracked.
        price: Newest of product and price rows.
    """

    product: Product
    price: float | None
    stock: float | None

    @property
    def category(self) -> str | None:
        """Main category path; None when the product has none."""
        return self.product.categories[0] if self.product.categories else None

    def title(self, locale: str | None = None) -> str:
        """Return the shown name in a locale, else in any, else the product's id."""
        title = self.product.title
        if isinstance(title, dict):
            return title.get(locale or "") or next(iter(title.values()), self.product.product)
        return title or self.product.product

    def available(self, now: datetime) -> bool:
        """Say whether a shopper may be shown this product at `now`."""
        product = self.product
        return (
            product.status == "active"
            and product.kind in RECOMMENDABLE
            and (self.stock is None or self.stock > 0)
            and (product.available_from is None or product.available_from <= now)
            and (product.available_until is None or now < product.available_until)
        )


class Catalogue:
    """All stores' shelves. Single-threaded writes; reads from any thread see whole cards.

    A store shows its own product row where it has one, else the row shared by all stores (store ``""``). A store's
    deleted row hides the product there even where a shared row stands: what was withdrawn is never shown again until
    the store says so.

    Args:
        sensitivity: Which products are sensitive in which store; cards say so in `product.sensitive`.
    """

    def __init__(self, sensitivity: Sensitivity | None = None) -> None:
        self.sensitivity = sensitivity or Sensitivity()
        self._judged: dict[tuple[str, str], tuple[Card, Card]] = {}
        """(store, product) -> the card as it lies and as the store's policy makes it, where they differ."""
        self._stores: dict[str, SourcedRow] = {}
        self._declared: dict[str, Store] = {}
        self._products: dict[tuple[str, str], SourcedRow] = {}
        self._inventory: dict[tuple[str, str], SourcedRow] = {}
        self._prices: dict[tuple[str, str], SourcedRow] = {}
        self._dated_in: dict[str, set[str]] = {}
        """Product -> stores with a price or inventory row of it, so a shared product finds the cards it lies under."""
        self._cards: dict[str, dict[str, Card | None]] = {}
        """Store -> product -> card; None = hidden in this store though a shared card exists."""
        self._variants: dict[tuple[str, str], dict[str, None]] = {}
        """(store, parent) -> the variants that have a card under that store."""
        self._changed: dict[str, int] = {}
        """Parent -> how often a card of one of its variants changed."""
        self.version = 0
        """Rises with every change."""

    def apply(self, rows: Iterable[SourcedRow]) -> None:
        """Take in rows of any keyed table; older and known ones, and tables the shelf does not show, change nothing."""
        for sourced in rows:
            row = sourced.row
            if isinstance(row, Store):
                self._take_store(row, sourced)
            elif isinstance(row, Product):
                if _newer(self._products, (row.store, row.product), sourced):
                    self._rebuild(row.store, row.product)
            elif isinstance(row, Inventory):
                self._take_dated(self._inventory, row, sourced)
            elif isinstance(row, Price) and not row.price_list:
                self._take_dated(self._prices, row, sourced)

    def store(self, name: str) -> Store | None:
        """Return a store by name; None when nobody declared it."""
        return self._declared.get(name)

    @property
    def stores(self) -> tuple[Store, ...]:
        """All declared stores, by name."""
        return tuple(self._declared[name] for name in sorted(self._declared))

    @property
    def declared(self) -> Mapping[str, Store]:
        """All declared stores by name; a view that follows every change."""
        return MappingProxyType(self._declared)

    def group(self, store: str) -> str:
        """Return the customer group of a store; an undeclared store is a group of its own."""
        declared = self.store(store)
        return declared.group if declared else store

    def card(self, store: str, product: str) -> Card | None:
        """Return what a store shows of a product; None when it does not sell it."""
        shelf = self._cards.get(store)
        if shelf is None or product not in shelf:
            shelf = self._cards.get(ALL_STORES)
            if shelf is None:
                return None
        card = shelf.get(product)  # a plain read: a write on the event loop may take it away meanwhile
        return card if self.sensitivity.by_flag_alone else self._as_judged(store, card)

    def cards_of(self, store: str, products: Sequence[str | None]) -> list[Card | None]:
        """Return what a store shows of each of some products, as `card` does; None where there is no product."""
        own, shared = self._cards.get(store), self._cards.get(ALL_STORES)
        if not own and not shared:
            return [None] * len(products)
        if own and not shared and self.sensitivity.by_flag_alone:
            return [own.get(product or "") for product in products]
        return [self.card(store, product) if product is not None else None for product in products]

    def _as_judged(self, store: str, card: Card | None) -> Card | None:
        """Return a card with its product sensitive or not by the policy of the store."""
        if card is None or self.sensitivity.by_flag_alone:
            return card
        sensitive = self.sensitivity.sensitive(store, card.product)
        if sensitive == card.product.sensitive:
            return card
        key = (store, card.product.product)
        known = self._judged.get(key)
        if known is None or known[0] is not card:
            product = msgspec.structs.replace(card.product, sensitive=sensitive)
            known = self._judged[key] = (card, Card(product, card.price, card.stock))
        return known[1]

    def available(self, store: str, product: str, now: datetime) -> bool:
        """Say whether a store may show a product at `now`; a product nobody declared is not shown."""
        card = self.card(store, product)
        return card is not None and card.available(now)

    def cards(self, store: str) -> Iterator[Card]:
        """Yield every card of a store, its own before those sold in all stores."""
        # Lists, because a write on the event loop may change a dict while a worker thread walks it.
        own = self._cards.get(store, {})
        yield from (card for one in list(own.values()) if (card := self._as_judged(store, one)) is not None)
        if store != ALL_STORES:
            shared = list(self._cards.get(ALL_STORES, {}).items())
            others = (self._as_judged(store, card) for product, card in shared if product not in own)
            yield from (card for card in others if card is not None)

    def variants(self, store: str, parent: str) -> Iterator[Card]:
        """Yield the cards of a store whose products are variants of `parent`, by product id."""
        names: set[str] = set()
        for name in {store, ALL_STORES}:
            names.update(list(self._variants.get((name, parent), ())))  # a copy, as in `cards`
        for product in sorted(names):
            card = self.card(store, product)
            if card is not None and card.product.parent == parent:  # the store's own row may name another
                yield card

    def changed(self, parent: str) -> int:
        """Return a number that rises whenever a card of a variant of `parent` changes, in any store."""
        return self._changed.get(parent, 0)

    def size(self, store: str) -> int:
        """Return how many products a store sells."""
        return sum(1 for _ in self.cards(store))

    def _take_store(self, store: Store, sourced: SourcedRow) -> None:
        if not _newer(self._stores, store.store, sourced):
            return
        if sourced.deleted:
            self._declared.pop(store.store, None)
        else:
            self._declared[store.store] = store
        self.version += 1

    def _take_dated(self, rows: dict[tuple[str, str], SourcedRow], row: Inventory | Price, sourced: SourcedRow) -> None:
        if _newer(rows, (row.store, row.product), sourced):
            self._dated_in.setdefault(row.product, set()).add(row.store)
            self._rebuild(row.store, row.product)

    def _rebuild(self, store: str, product: str) -> None:
        """Make the cards of a product anew: the store's own one, or all that show the shared product."""
        self._rebuild_one(store, product)
        if store == ALL_STORES:
            for name in self._dated_in.get(product, ()):
                self._rebuild_one(name, product)
        self.version += 1

    def _rebuild_one(self, store: str, product: str) -> None:
        own, shared = self._products.get((store, product)), self._products.get((ALL_STORES, product))
        cards = self._cards.setdefault(store, {})
        if own is not None and own.deleted:
            old, cards[product] = cards.get(product), None
            self._file(store, product, old, None)
            return
        sourced = own or shared
        if sourced is None or sourced.deleted:
            self._file(store, product, cards.pop(product, None), None)
            return
        base = cast("Product", sourced.row)
        price, stock = base.price, base.stock
        dated_price = self._prices.get((store, product))
        if dated_price and not dated_price.deleted and (price is None or dated_price.source_ts >= sourced.source_ts):
            price = cast("Price", dated_price.row).price
        counted = self._inventory.get((store, product))
        if counted and not counted.deleted and (stock is None or counted.source_ts >= sourced.source_ts):
            stock = cast("Inventory", counted.row).on_hand
        card = Card(base, price, stock)
        old, cards[product] = cards.get(product), card
        self._file(store, product, old, card)

    def _file(self, store: str, product: str, old: Card | None, new: Card | None) -> None:
        """Keep the variants of each parent in step with a card that takes the place of another."""
        before = old.product.parent if old is not None else None
        after = new.product.parent if new is not None else None
        if before is not None and before != after:
            family = self._variants[store, before]
            del family[product]
            if not family:
                del self._variants[store, before]
        if after is not None and before != after:
            self._variants.setdefault((store, after), {})[product] = None
        for parent in filter(None, {before, after}):
            self._changed[parent] = self._changed.get(parent, 0) + 1


KeyT = TypeVar("KeyT")


def _newer(rows: dict[KeyT, SourcedRow], key: KeyT, new: SourcedRow) -> bool:
    """Put `new` in unless what is there is newer or the very same; say whether it went in."""
    old = rows.get(key)
    if old is not None and (new.source_ts < old.source_ts or new == old):
        return False
    rows[key] = new
    return True
