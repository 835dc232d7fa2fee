"""The shelf as it is now: what each store sells, at what price, and whether it can be bought.

Held in memory by the serving process and changed by every accepted upsert before the 202, so that no later answer
shows a withdrawn or sold-out product.

Every process holds a shelf of its own, so what a product takes is kept small: about 430 bytes where it was 1,000, by
one look-up for a card and the row it is made of, structs the garbage collector need not walk, and equal values that
are one object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr

from shopkeeper.commerce.product import RECOMMENDABLE, Inventory, Price, Product
from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.errors import UnknownStore
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.sensitive import Sensitivity

_SHARED_VALUES: Final = 200_000
"""Values that are one object wherever they are equal; when there are more, others are remembered from then on."""
_NO_ATTRIBUTES: Final[dict[str, Any]] = {}
_NO_CARDS: Final[Mapping[str, Card | None]] = {}
_NOT_DATED: Final[Mapping[str, _Dated]] = {}


class Card(Struct, frozen=True, gc=False):
    """One product as one store shows it now.

    Attributes:
        stock: Units on hand by the newest of product and inventory rows; None = not tracked.
        price: Newest of product and price rows.
        on_sale: Whether it may be shown on its days: it is active, of a kind that lists show, and not sold out.
        dated: Whether it has days, a first or a last one.
    """

    product: Product
    price: float | None
    stock: float | None
    on_sale: bool = False
    dated: bool = False

    def __post_init__(self) -> None:
        product = self.product  # found once, as every request asks it of many cards
        sells = product.status == "active" and product.kind in RECOMMENDABLE and (self.stock is None or self.stock > 0)
        force_setattr(self, "on_sale", sells)
        force_setattr(self, "dated", product.available_from is not None or product.available_until is not None)

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
        if not self.dated or not self.on_sale:
            return self.on_sale
        product = self.product
        return (product.available_from is None or product.available_from <= now) and (
            product.available_until is None or now < product.available_until
        )


class _Own(Card, frozen=True, gc=False, kw_only=True):
    """A card made of a row of this very store, with the source time of that row."""

    source_ts: datetime


class _Dated(Struct, frozen=True, gc=False):
    """What a price or inventory row says; None = it was withdrawn."""

    source_ts: datetime
    value: float | None


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
        self._cards: dict[str, dict[str, Card | None]] = {}
        """Store -> product -> card; None = hidden in this store though a shared card exists."""
        self._gone: dict[tuple[str, str], SourcedRow] = {}
        """(store, product) -> the row that withdrew it."""
        self._inventory: dict[str, dict[str, _Dated]] = {}
        self._prices: dict[str, dict[str, _Dated]] = {}
        self._values: dict[Any, Any] = {}
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
            if isinstance(row, Product):
                self._take_product(row, sourced)
            elif isinstance(row, Store):
                self._take_store(row, sourced)
            elif isinstance(row, Inventory):
                self._take_dated(self._inventory, row, row.on_hand, sourced)
            elif isinstance(row, Price) and not row.price_list:
                self._take_dated(self._prices, row, row.price, sourced)

    def store(self, name: str) -> Store | None:
        """Return a store by name; None when nobody declared it."""
        return self._declared.get(name)

    def known_store(self, name: str) -> Store:
        """Return a store by name.

        Raises:
            UnknownStore: nobody declared it.
        """
        store = self.store(name)
        if store is None:
            raise UnknownStore(name, tuple(known.store for known in self.stores))
        return store

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
        card = None if shelf is None else shelf.get(product)
        if card is None and (shelf is None or product not in shelf):  # plain reads: a write may come in between
            shelf = self._cards.get(ALL_STORES)
            card = None if shelf is None else shelf.get(product)
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
        old = self._stores.get(store.store)
        if old is not None and (sourced.source_ts < old.source_ts or sourced == old):
            return
        self._stores[store.store] = sourced
        if sourced.deleted:
            self._declared.pop(store.store, None)
        else:
            self._declared[store.store] = store
        self.version += 1

    def _take_product(self, row: Product, sourced: SourcedRow) -> None:
        store, product = row.store, row.product
        cards = self._cards.get(store, _NO_CARDS)
        if cards and product not in cards and row.parent is None and not (sourced.deleted or self._more_is_said):
            self._cards[store][product] = _Own(self._slim(row), row.price, row.stock, source_ts=sourced.source_ts)
            self.version += 1  # nearly every row of a start comes this way
            return
        if self._is_old(store, product, sourced):
            return
        if sourced.deleted:
            self._gone[store, product] = sourced
            self._put(store, product, None)
        else:
            if self._gone:
                self._gone.pop((store, product), None)
            self._put_own(store, self._slim(row), sourced.source_ts)
        self._follow_shared(store, product)

    @property
    def _more_is_said(self) -> bool:
        """Whether anything but rows of products may say what a store shows."""
        return bool(self._gone or self._prices or self._inventory)

    def _is_old(self, store: str, product: str, sourced: SourcedRow) -> bool:
        """Whether what this very store says of a product is newer, or the very same."""
        card = self._cards.get(store, _NO_CARDS).get(product)
        if type(card) is _Own:
            same = sourced.source_ts == card.source_ts and not sourced.deleted and sourced.row == card.product
            return same or sourced.source_ts < card.source_ts
        gone = self._gone.get((store, product)) if self._gone else None
        return gone is not None and (sourced.source_ts < gone.source_ts or sourced == gone)

    def _take_dated(
        self, rows: dict[str, dict[str, _Dated]], row: Inventory | Price, value: float, sourced: SourcedRow
    ) -> None:
        store, product = row.store, row.product
        of_store = rows.setdefault(store, {})
        old = of_store.get(product)
        new = _Dated(sourced.source_ts, None if sourced.deleted else value)
        if old is not None and (new.source_ts < old.source_ts or new == old):
            return
        of_store[product] = new
        self._rebuild(store, product)
        self._follow_shared(store, product)

    def _follow_shared(self, store: str, product: str) -> None:
        """Count a change; where it is of what all stores share, make the cards of stores that change it in part."""
        if store == ALL_STORES:
            dated = (*self._prices.items(), *self._inventory.items())
            for name in {name for name, rows in dated if product in rows}:
                self._rebuild(name, product)
        self.version += 1

    def _rebuild(self, store: str, product: str) -> None:
        """Make the card of a product in one store anew: of its own row, else of the one shared by all."""
        own = self._cards.get(store, _NO_CARDS).get(product)
        if type(own) is _Own:
            self._put_own(store, own.product, own.source_ts)
        elif store == ALL_STORES or (store, product) in self._gone:
            return  # there is no row to show, or it is hidden in this store, whatever is shared
        elif type(shared := self._cards.get(ALL_STORES, _NO_CARDS).get(product)) is _Own:
            row = shared.product
            self._put(store, product, Card(row, *self._price_and_stock(store, row, shared.source_ts)))
        elif (old := self._cards.get(store, {}).pop(product, None)) is not None:
            self._file(store, product, old, None)

    def _put_own(self, store: str, row: Product, since: datetime) -> None:
        self._put(store, row.product, _Own(row, *self._price_and_stock(store, row, since), source_ts=since))

    def _price_and_stock(self, store: str, row: Product, since: datetime) -> tuple[float | None, float | None]:
        """Return what a row costs in a store, and how much of it is there, by the newest that was said of either."""
        price, stock = row.price, row.stock
        if not self._prices and not self._inventory:
            return price, stock
        dated = self._prices.get(store, _NOT_DATED).get(row.product)
        if dated is not None and dated.value is not None and (price is None or dated.source_ts >= since):
            price = dated.value
        dated = self._inventory.get(store, _NOT_DATED).get(row.product)
        if dated is not None and dated.value is not None and (stock is None or dated.source_ts >= since):
            stock = dated.value
        return price, stock

    def _slim(self, row: Product) -> Product:
        """Return the row, in which values that many products share are one object each: equal, and in one place.

        A row does not change by it, so it is not copied.
        """
        values = self._values
        if len(values) > _SHARED_VALUES:
            values.clear()
        same = values.setdefault
        force_setattr(row, "store", same(row.store, row.store))
        force_setattr(row, "categories", same(row.categories, row.categories))
        if (brand := row.brand) is not None:
            force_setattr(row, "brand", same(brand, brand))
        if (currency := row.currency) is not None:
            force_setattr(row, "currency", same(currency, currency))
        if (tax_class := row.tax_class) is not None:
            force_setattr(row, "tax_class", same(tax_class, tax_class))
        if type(price := row.price) is float:  # a whole number equals one, and is written otherwise
            force_setattr(row, "price", same(price, price))
        if type(stock := row.stock) is float:
            force_setattr(row, "stock", same(stock, stock))
        if not row.attributes:
            force_setattr(row, "attributes", _NO_ATTRIBUTES)
        return row

    def _put(self, store: str, product: str, card: Card | None) -> None:
        cards = self._cards.get(store)
        if cards is None:
            cards = self._cards[store] = {}
        old = cards.get(product)
        cards[product] = card
        if old is not None or (card is not None and card.product.parent is not None):
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
