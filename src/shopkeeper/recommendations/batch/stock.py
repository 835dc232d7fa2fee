"""One store's shelf and live counts as an array, so that workers elsewhere can answer from them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.rules.merchandising import RuleSet
from shopkeeper.recommendations.rules.rule_book import attributes_read
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.registry.text_arrays import Arrays
from shopkeeper.serving.catalogue import Card, Catalogue

NAME = "stock.json"
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class _Packed(Struct):
    store: Store
    products: list[Product]
    leaders: dict[str, tuple[tuple[str, float], ...]]
    rules: list[RuleSet]


def pack_stock(stock: Stock, store: Store) -> dict[str, npt.NDArray[np.generic]]:
    """Return what lists of a store are made of besides the model: its shelf as it is now, what trends there, rules."""
    rules = stock.rules.sets(store.store)
    read = attributes_read(rule for one in rules for rule in one.rules)
    products = [_plain(card, store, read) for card in stock.catalogue.cards(store.store)]
    packed = _Packed(store, products, stock.trending.leaders(store.store), rules)
    return {NAME: np.frombuffer(msgspec.json.encode(packed), dtype=np.uint8)}


def unpack_stock(arrays: Arrays, popular: Popular) -> Stock:
    """Return the stock that was packed, to answer with the popularity of a model."""
    packed = msgspec.json.decode(np.asarray(arrays[NAME]).tobytes(), type=_Packed)
    catalogue = Catalogue()
    catalogue.apply(SourcedRow(row, _ANY_TIME) for row in (packed.store, *packed.products))
    trending = Trending.of_leaders(packed.store.store, packed.leaders)
    return Stock(catalogue, Shelf(catalogue), trending, popular, ShopRules(packed.rules))


def _plain(card: Card, store: Store, read: frozenset[str]) -> Product:
    """Return the product as the card shows it, without what no list depends on: texts may be most of a catalogue.

    A variant keeps its attributes: by them a sibling stands in for it.
    """
    told = card.product.attributes
    return msgspec.structs.replace(
        card.product,
        store=store.store,
        price=card.price,
        stock=card.stock,
        title=None,
        description=None,
        url=None,
        image_url=None,
        attributes=told if card.product.parent else {name: value for name, value in told.items() if name in read},
    )
