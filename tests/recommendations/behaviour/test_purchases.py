"""What a shopper buys again is known alike where a model is trained, judged and asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.recommendations.conftest import NOW, PRODUCTS, Past, Shop, interactions, product

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.traits import UNKNOWN_TRAITS
from shopkeeper.recommendations.behaviour.facts import TraitTable
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, VIEW, Interactions
from shopkeeper.recommendations.behaviour.purchases import BOUGHT_ENTRIES, Purchases, fading, purchases_of
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.evidence import gather
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.loaded import LoadedModel, load_model
from shopkeeper.recommendations.past import Bought, past_of
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS
from shopkeeper.recommendations.request import RecommendationRequest

ANN: Past = [
    ("ann", "mug", "purchase"), ("ann", "cup", "view"), ("ann", "mug", "purchase"), ("ann", "mug", "view"),
    ("ann", "toy", "purchase"), ("ann", "cup", "purchase"),
]  # fmt: skip
TRAITS = ("25-34", "f", "", "loyal")


def known(data: Interactions) -> Interactions:
    """Return the data with ann's record."""
    return replace(
        data, traits=TraitTable.build(len(data.shopper_keys), {data.shopper_keys.index("uk\x1fuser\x1fann"): TRAITS})
    )


def judged(data: Interactions, moment: int) -> Asked:
    """Return what an evaluation asks about ann at a moment, seconds."""
    seen = data.sequences
    ann = data.shopper_keys.index("uk\x1fuser\x1fann")
    part = slice(int(seen.starts[ann]), int(seen.starts[ann + 1]))
    batch = HistoryBatch(
        np.array([0, part.stop - part.start]), seen.items[part], seen.kinds[part], seen.times[part] // SECOND,
        np.zeros(1, dtype=np.int32), np.array([moment]), (data.traits.of(ann),),
    )  # fmt: skip
    return batch.asked(0, "uk", batch.strengths.astype(np.float64))


def served(shop: Shop, data: Interactions, request: RecommendationRequest) -> Asked:
    """Return what serving asks by a bundle of the data."""
    loaded = loaded_with(shop, data)
    return gather(request, past_of(request, loaded), loaded, shop.catalogue, DEFAULT_PARAMS).asked


def loaded_with(shop: Shop, data: Interactions) -> LoadedModel:
    model = Hybrid.fit(data, HybridParams(factors=False, axes=2), 1)
    return replace(load_model(shop.bundle()), model=model, shoppers=ShopperPasts(ShopperPasts.build(data).arrays()))


def test_serving_asks_about_a_known_shopper_what_an_evaluation_asks(shop: Shop) -> None:
    data = known(interactions(ANN))
    offline, online = judged(data, int(NOW.timestamp())), served(shop, data, shop.request(user="ann"))
    for name in ("items", "kinds", "times"):
        np.testing.assert_array_equal(getattr(online, name), getattr(offline, name))
    for name in ("items", "counts", "first", "last"):
        np.testing.assert_array_equal(getattr(online.purchases, name), getattr(offline.purchases, name), err_msg=name)
    np.testing.assert_allclose(online.purchases.faded, offline.purchases.faded, rtol=1e-6)
    assert online.traits == offline.traits == TRAITS
    assert online.purchases.counts.tolist() == [1, 2, 1]  # cup, mug (bought, bought and looked at), toy


@pytest.mark.parametrize("cut", range(1, len(ANN)))
def test_live_purchases_add_to_those_of_the_bundle_as_if_it_had_known_them(shop: Shop, cut: int) -> None:
    data = interactions(ANN)
    early = replace(data.take(np.arange(len(data)) < cut))
    request = shop.request(user="ann", live=[(name, kind) for _, name, kind in ANN[cut:]])
    online = served(shop, early, request)
    first = NOW - timedelta(minutes=len(ANN) - cut)
    times = data.times.copy()
    times[cut:] = [int((first + timedelta(minutes=n)).timestamp()) * SECOND for n in range(len(ANN) - cut)]
    offline = judged(replace(data, times=times), int(NOW.timestamp()))
    for name in ("items", "counts", "first", "last"):
        np.testing.assert_array_equal(getattr(online.purchases, name), getattr(offline.purchases, name), err_msg=name)
    np.testing.assert_allclose(online.purchases.faded, offline.purchases.faded, rtol=1e-6)


def test_without_consent_neither_record_nor_habits_are_told(shop: Shop) -> None:
    request = replace(shop.request(user="ann", consent=NO_CONSENT), traits=TRAITS)
    asked = served(shop, known(interactions(ANN)), request)
    assert asked.traits == UNKNOWN_TRAITS
    assert len(asked.purchases) == len(asked) == 0


def test_the_newest_record_outweighs_what_the_bundle_knew(shop: Shop) -> None:
    request = replace(shop.request(user="ann"), traits=("35-44", "", "", ""))
    assert served(shop, known(interactions(ANN)), request).traits == ("35-44", "", "", "")


def test_a_sensitive_product_is_no_habit(shop: Shop) -> None:
    shop.put(product("toy", sensitive=True), at=NOW + timedelta(seconds=1))
    asked = served(shop, interactions(ANN), shop.request(user="ann"))
    assert PRODUCTS.index("toy") not in asked.purchases.items.tolist()
    assert PRODUCTS.index("mug") in asked.purchases.items.tolist()


def test_an_erased_shopper_leaves_neither_habits_nor_record_behind() -> None:
    data = known(interactions([*ANN, ("ben", "mug", "purchase")]))
    after = ShopperPasts.build(data).without(["uk\x1fuser\x1fann"])
    assert after.find("uk\x1fuser\x1fann") is None
    ben = after.find("uk\x1fuser\x1fben")
    assert ben is not None
    assert (ben.purchases.items.tolist(), ben.purchases.counts.tolist()) == ([PRODUCTS.index("mug")], [1])
    assert b"loyal" not in b"".join(array.tobytes() for array in after.arrays().values())


def test_a_purchase_counts_half_after_each_half_life() -> None:
    times = np.array([0, 60, 90, 90], dtype=np.int64) * 86_400
    found = purchases_of(np.array([7, 3, 7, 9]), np.array([PURCHASE, PURCHASE, PURCHASE, VIEW], dtype=np.int8), times)
    assert found.items.tolist() == [3, 7]
    np.testing.assert_allclose(found.faded, [[1.0, 1.0], [1.125, 1.5]])
    np.testing.assert_allclose(fading(np.array([90 * 86_400])), [[0.125, 0.5]])


def test_what_was_bought_of_two_products_is_faded_to_the_later_one() -> None:
    days = 86_400.0
    old = Bought(0, 0.0, 0.0).again(0.0, same_run=False)
    both = old.beside(old._replace(first=30 * days, last=30 * days))
    assert (both.times, both.first, both.last) == (2, 0.0, 30 * days)
    np.testing.assert_allclose(both.faded, [1.5, 1.0 + 2.0 ** (-1 / 3)])


def test_of_many_products_those_bought_last_are_kept(tmp_path: Path) -> None:
    count = BOUGHT_ENTRIES + 50
    items, times = np.arange(count)[::-1], np.arange(count, dtype=np.int64)
    found: Purchases = purchases_of(items, np.full(count, PURCHASE, dtype=np.int8), times)
    assert found.items.tolist() == list(range(BOUGHT_ENTRIES))
    assert len(purchases_of(items, np.full(count, VIEW, dtype=np.int8), times)) == 0
