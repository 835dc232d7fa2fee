"""What known shoppers did, found by hashed keys, and forgotten for good."""

from __future__ import annotations

import numpy as np
import pytest
from tests.recommendations.conftest import PRODUCTS, Past, Shop, interactions

from shopkeeper.errors import BundleDamaged
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.behaviour.purchases import BOUGHT_ENTRIES
from shopkeeper.recommendations.behaviour.shoppers import (
    HISTORY_ENTRIES,
    ShopperPasts,
    forget,
    shopper_key,
)
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.testing.planted import planted_interactions

ANN, BEN = shopper_key("uk", "user", "ann"), shopper_key("uk", "user", "ben")


def names(codes: np.ndarray) -> list[str]:
    return [PRODUCTS[code] for code in codes.tolist()]


def test_a_shopper_s_past_is_in_order_with_the_strongest_of_each_run() -> None:
    did: Past = [
        ("ann", "mug", "view"),
        ("ann", "mug", "cart"),
        ("ann", "cup", "purchase"),
        ("ben", "toy", "view"),
        ("ann", "mug", "view"),
    ]
    past = ShopperPasts.build(interactions(did)).find(ANN)
    assert past is not None
    assert names(past.items) == ["mug", "cup", "mug"]
    assert [KINDS[kind] for kind in past.kinds.tolist()] == ["cart", "purchase", "view"]
    assert names(past.purchases.items) == ["cup"]
    assert np.diff(past.seconds.astype(np.int64)).tolist() == [60, 120]


def test_strangers_have_no_past() -> None:
    pasts = ShopperPasts.build(interactions([("ann", "mug", "view")]))
    assert pasts.find(BEN) is None
    assert pasts.find(shopper_key("uk", "visitor", "ann")) is None
    assert pasts.find(shopper_key("de", "user", "ann")) is None


def test_only_the_newest_entries_are_kept() -> None:
    many: Past = [("ann", PRODUCTS[n % 10], "view") for n in range(3 * HISTORY_ENTRIES)]
    past = ShopperPasts.build(interactions(many)).find(ANN)
    assert past is not None
    assert names(past.items) == [PRODUCTS[n % 10] for n in range(2 * HISTORY_ENTRIES, 3 * HISTORY_ENTRIES)]


def test_a_bought_product_stays_known_when_views_push_it_out_of_the_history() -> None:
    many: Past = [("ann", "toy", "purchase"), *(("ann", PRODUCTS[n % 5], "view") for n in range(2 * HISTORY_ENTRIES))]
    past = ShopperPasts.build(interactions(many)).find(ANN)
    assert past is not None
    assert "toy" not in names(past.items)
    assert names(past.purchases.items) == ["toy"]
    assert len(past.purchases.items) <= BOUGHT_ENTRIES


def test_every_shopper_is_found_among_many() -> None:
    data = planted_interactions()
    pasts = ShopperPasts.build(data)
    for code in np.unique(data.shoppers[data.shoppers >= 0]).tolist():
        past = pasts.find(data.shopper_keys[code])
        assert past is not None
        mine = data.items[data.shoppers == code]
        assert past.items.tolist() == [item for n, item in enumerate(mine.tolist()) if n == 0 or mine[n - 1] != item]


def test_the_forgotten_are_gone_and_nobody_else(shop: Shop) -> None:
    bundle = shop.bundle([("ann", "mug", "view"), ("ben", "cup", "purchase"), ("cat", "toy", "view")])
    assert forget(bundle.folder, [ANN, shopper_key("uk", "user", "stranger")]) == 1
    after = open_bundle(bundle.folder)
    pasts = ShopperPasts(after.arrays)
    assert pasts.find(ANN) is None
    found = pasts.find(BEN)
    assert found is not None
    assert (names(found.items), names(found.purchases.items)) == (["cup"], ["cup"])
    assert len(pasts) == 2
    assert after.manifest.content != bundle.manifest.content
    assert forget(bundle.folder, [ANN]) == 0


def test_forgetting_everybody_leaves_a_bundle_that_answers(shop: Shop) -> None:
    bundle = shop.bundle([("ann", "mug", "view")])
    forget(bundle.folder, [ANN])
    shop.system.load(open_bundle(bundle.folder))
    assert len(shop.ask(user="ann")) == 3


def test_a_damaged_bundle_is_not_rewritten(shop: Shop) -> None:
    bundle = shop.bundle([("ann", "mug", "view")])
    (bundle.folder / "shoppers.items.npy").write_bytes(b"")
    with pytest.raises(BundleDamaged, match=r"shoppers\.items"):
        forget(bundle.folder, [ANN])
