"""A small simulated shop with a planted truth, to judge recommendation models by: who has seen a product comes for the
next one of its ring, and some products are liked more than others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.behaviour.interactions import NOBODY, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.serving.catalogue import Catalogue

GROUPS = ("north", "south")
STORES = ("north-1", "north-2", "south-1")
GROUP_OF_STORE = (0, 0, 1)
PRODUCTS = 60
"""Products of each group; both groups use the same ids for different products."""
RING = 6
"""Products of a ring; each ring is a category of its own."""
START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=60)

_SHOPPERS = 240
_ENTRIES = 12
_FOLLOW = 0.75


@cache
def planted_interactions(seed: int = 1) -> Interactions:
    """Return simulated interactions in the order of time; a few belong to nobody."""
    draw = np.random.default_rng(seed)
    liking = 1.0 / np.arange(1, PRODUCTS + 1) ** 0.7
    rows = []
    for shopper in range(_SHOPPERS):
        store = shopper % len(STORES)
        product = int(draw.choice(PRODUCTS, p=liking / liking.sum()))
        moments = np.sort(draw.integers(0, int((END - START).total_seconds()), _ENTRIES))
        for moment in moments.tolist():
            owner = NOBODY if draw.random() < 0.03 else shopper
            item = GROUP_OF_STORE[store] * PRODUCTS + product
            rows.append((moment, owner, item, store, int(draw.integers(0, 6))))
            product = _next(product) if draw.random() < _FOLLOW else int(draw.choice(PRODUCTS, p=liking / liking.sum()))
    rows.sort()
    columns = np.array(rows, dtype=np.int64).T
    starts = np.array([0, PRODUCTS, 2 * PRODUCTS], dtype=np.int64)
    return Interactions(
        shoppers=columns[1].astype(np.int32),
        items=columns[2].astype(np.int32),
        stores=columns[3].astype(np.int32),
        kinds=columns[4].astype(np.int8),
        times=columns[0] * SECOND + int(START.timestamp()) * SECOND,
        devices=(1 + columns[1] % 2).astype(np.int8),
        index=ItemIndex(GROUPS, starts, [product_name(n) for _ in GROUPS for n in range(PRODUCTS)]),
        categories=[(category_of(n),) for _ in GROUPS for n in range(PRODUCTS)],
        shopper_keys=[shopper_key(GROUPS[GROUP_OF_STORE[n % len(STORES)]], "user", f"u{n}") for n in range(_SHOPPERS)],
        store_names=STORES,
    )


def planted_catalogue() -> Catalogue:
    """Return the shelf of the same shop: every product in stock in every store."""
    catalogue = Catalogue()
    stores = [
        Store(store=name, customer_group=GROUPS[group], simulated=True)
        for name, group in zip(STORES, GROUP_OF_STORE, strict=True)
    ]
    products = [
        Product(
            product=product_name(n),
            title=f"Thing {n}",
            categories=(category_of(n),),
            brand=f"Brand {n % 4}",
            price=5.0 + n,
            stock=10.0,
            created_at=START + timedelta(hours=n),
        )
        for n in range(PRODUCTS)
    ]
    catalogue.apply([SourcedRow(row, START) for row in (*stores, *products)])
    return catalogue


def product_name(number: int) -> str:
    """Return the id of a product; ids sort as their numbers do."""
    return f"p{number:03d}"


def category_of(number: int) -> str:
    """Return the category path of a product: its ring, under one of two departments."""
    ring = number // RING
    return f"Department {ring % 2} > Ring {ring}"


def _next(product: int) -> int:
    return product // RING * RING + (product + 1) % RING
