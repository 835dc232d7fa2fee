"""The shelf as it is now: what each store sells, at what price, and whether it can be bought.

Held in memory by the serving process and changed by every accepted upsert before the 202, so that no later answer
shows a withdrawn or sold-out product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from shopkeeper.commerce.product import RECOMMENDABLE, Inventory, Price, Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow

ALL_STORES = ""


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
    """All stores' shelves. Single-threaded writes; reads from any thread see whole cards."""

    def __init__(self) -> None:
        self._stores: dict[str, Store] = {}
        self._products: dict[tuple[str, str], SourcedRow] = {}
        self._inventory: dict[tuple[str, str], SourcedRow] = {}
        self._prices: dict[tuple[str, str], SourcedRow] = {}
        self._cards: dict[str, dict[str, Card]] = {}
        self.version = 0
        """Rises with every change."""

    def apply(self, rows: Iterable[SourcedRow]) -> None:
        """Take in rows of any keyed table; tables the shelf does not show are ignored, older rows change nothing."""
        for sourced in rows:
            row = sourced.row
            if isinstance(row, Store):
                self._take_store(row, sourced.deleted)
            elif isinstance(row, Product):
                self._newer(self._products, (row.store, row.product), sourced)
                self._rebuild(row.store, row.product)
            elif isinstance(row, Inventory):
                self._newer(self._inventory, (row.store, row.product), sourced)
                self._rebuild(row.store, row.product)
            elif isinstance(row, Price) and not row.price_list:
                self._newer(self._prices, (row.store, row.product), sourced)
                self._rebuild(row.store, row.product)
        self.version += 1

    def store(self, name: str) -> Store | None:
        """Return a store by name; None when nobody declared it."""
        return self._stores.get(name)

    @property
    def stores(self) -> tuple[Store, ...]:
        """All declared stores, by name."""
        return tuple(self._stores[name] for name in sorted(self._stores))

    def group(self, store: str) -> str:
        """Return the customer group of a store; an undeclared store is a group of its own."""
        declared = self._stores.get(store)
        return declared.group if declared else store

    def card(self, store: str, product: str) -> Card | None:
        """Return what a store shows of a product; None when it does not sell it."""
        return self._cards.get(store, {}).get(product) or self._cards.get(ALL_STORES, {}).get(product)

    def available(self, store: str, product: str, now: datetime) -> bool:
        """Say whether a store may show a product at `now`; a product nobody declared is not shown."""
        card = self.card(store, product)
        return card is not None and card.available(now)

    def cards(self, store: str) -> Iterator[Card]:
        """Yield every card of a store, its own before those sold in all stores."""
        own = self._cards.get(store, {})
        yield from own.values()
        for product, card in self._cards.get(ALL_STORES, {}).items():
            if product not in own:
                yield card

    def size(self, store: str) -> int:
        """Return how many products a store sells."""
        return sum(1 for _ in self.cards(store))

    def _take_store(self, store: Store, deleted: bool) -> None:
        if deleted:
            self._stores.pop(store.store, None)
        else:
            self._stores[store.store] = store

    @staticmethod
    def _newer(rows: dict[tuple[str, str], SourcedRow], key: tuple[str, str], new: SourcedRow) -> None:
        old = rows.get(key)
        if old is None or new.source_ts >= old.source_ts:
            rows[key] = new

    def _rebuild(self, store: str, product: str) -> None:
        """Make the cards of a product anew: the store's own one, or all that show the shared product."""
        stores = [store]
        if store == ALL_STORES:
            stores += [name for name, key in {(s, p) for s, p in (*self._inventory, *self._prices)} if key == product]
        for name in stores:
            self._rebuild_one(name, product)

    def _rebuild_one(self, store: str, product: str) -> None:
        sourced = self._products.get((store, product)) or self._products.get((ALL_STORES, product))
        cards = self._cards.setdefault(store, {})
        if sourced is None or (sourced.deleted and cast("Product", sourced.row).store == store):
            cards.pop(product, None)
            return
        base = cast("Product", sourced.row)
        price, stock = base.price, base.stock
        dated_price = self._prices.get((store, product))
        if dated_price and not dated_price.deleted and (price is None or dated_price.source_ts >= sourced.source_ts):
            price = cast("Price", dated_price.row).price
        counted = self._inventory.get((store, product))
        if counted and not counted.deleted and (stock is None or counted.source_ts >= sourced.source_ts):
            stock = cast("Inventory", counted.row).on_hand
        cards[product] = Card(base, price, stock)
