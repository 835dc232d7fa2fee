"""Lists for many shoppers are the lists serving gives each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.jobs.shards import Shared
from shopkeeper.recommendations.batch.answers import (
    BatchAsk,
    BatchLists,
    BatchShard,
    recommend_shard,
    shelf_products,
)
from shopkeeper.recommendations.batch.stock import pack_stock
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.als import Als, AlsParams
from shopkeeper.recommendations.models.ease import Ease, EaseParams
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import RuleSet, read_rules
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.session.blend import Blend, BlendParams
from shopkeeper.recommendations.session.blend_fit import fit_blend
from shopkeeper.recommendations.session.fit import fit_session
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.ports import Profile, SessionEvent
from shopkeeper.testing.planted import END, STORES, planted_catalogue, planted_interactions

NOW = END + timedelta(days=1)
STORE = STORES[0]
USERS = (*(f"u{n}" for n in range(90)), "nobody", "ü-鍵")


@dataclass(frozen=True)
class BatchShop:
    """The planted shop with a model, in which some products are sensitive, sold out, new or trending."""

    system: RecommendationSystem
    stock: Stock
    bundle: Bundle
    params: RecommendParams = DEFAULT_PARAMS

    def ask(self, k: int) -> BatchAsk:
        return BatchAsk(self.bundle.version, self.bundle.manifest.model, STORE, k, NOW, params=self.params)

    def lists(self, k: int, users: tuple[str, ...] = USERS, per_shard: int = 50) -> Iterator[BatchLists]:
        """Return lists through shards, as an export computes them."""
        shards = (
            BatchShard(self.ask(k), users[start : start + per_shard]) for start in range(0, len(users), per_shard)
        )
        store = self.stock.catalogue.declared[STORE]
        shared = {**self.bundle.arrays, **pack_stock(self.stock, store)}
        return SequentialShards().map_shards(recommend_shard, shards, shared=shared)

    def answers(self, k: int) -> list[tuple[list[str], list[float]]]:
        """Return what serving answers each user who comes with no page and no live event."""
        found = []
        for user in USERS:
            body = RecommendationBody(store=STORE, user=user, k=k)
            answer = self.system.answer(RecommendationRequest(body, Shopper("north", user=user), FULL_CONSENT, NOW))
            found.append(([item.product for item in answer.items], [item.score for item in answer.items]))
        return found


ENCODER = SessionParams(width=16, blocks=1, dropout=0.1, rate=0.02, epochs=4)
SESSIONS = SessionKnnParams(session_minutes=1e6, reach=20.0)
FITS: dict[str, Callable[[Interactions], RecommendationModel]] = {
    Popular.name: lambda data: Popular.fit(data, PopularParams(), 1),
    ItemKnn.name: lambda data: ItemKnn.fit(data, ItemKnnParams(neighbours=12), 1),
    Als.name: lambda data: Als.fit(data, AlsParams(factors=16), 1),
    Ease.name: lambda data: Ease.fit(data, EaseParams(), 1),
    SessionKnn.name: lambda data: SessionKnn.fit(data, SESSIONS, 1),
    Session.name: lambda data: fit_session(data, ENCODER, 1),
    Blend.name: lambda data: fit_blend(data, BlendParams(ENCODER, ItemKnnParams(), SESSIONS, None, 0.2), 1),
}
EXACT = (Popular.name, ItemKnn.name)


@pytest.fixture(scope="module", params=list(FITS))
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BatchShop:
    data = planted_interactions()
    model = FITS[request.param](data)
    catalogue, trending = planted_catalogue(), Trending()
    change(catalogue)
    for n in range(9):
        trending.record(STORE, f"p{3 * n:03d}", (f"Department 0 > Ring {n % 3}",), "view", NOW - timedelta(hours=n))
    content = BundleContent(
        "recommendations", model.name, "test", model.parameters, 1, data.fingerprint(), {},
        bundle_arrays(model, ShopperPasts.build(data)),
    )  # fmt: skip
    folder: Path = tmp_path_factory.mktemp("bundles")
    bundle = open_bundle(folder / "recommendations" / write_bundle(folder, content, END).version)
    system = RecommendationSystem(catalogue, trending)
    system.load(bundle)
    return BatchShop(system, Stock(catalogue, Shelf(catalogue), trending), bundle)


def change(catalogue: Catalogue) -> None:
    """Make some products sensitive, some sold out, one withdrawn in this store, and bring a new one."""
    cards = {card.product.product: card.product for card in catalogue.cards(STORE)}
    fields: dict[str, dict[str, Any]] = {
        "p001": {"sensitive": True},
        "p007": {"sensitive": True},
        "p002": {"stock": 0.0},
        "p014": {"stock": 0.0},
        "p021": {"attributes": {"colour": "red"}},
        "p022": {"attributes": {"colour": ["blue", "red"]}, "parent": "reds"},
        "p023": {"attributes": {"colour": "red"}, "parent": "reds"},
    }
    rows = [SourcedRow(msgspec.structs.replace(cards[name], **new), END) for name, new in fields.items()]
    rows.append(SourcedRow(msgspec.structs.replace(cards["p005"], store=STORE), END, deleted=True))
    rows.append(SourcedRow(Product(product="brand-new", categories=("Department 0 > Ring 2",), created_at=END), END))
    catalogue.apply(rows)


@pytest.mark.parametrize("k", [1, 6, 25, 80])
def test_each_list_is_what_serving_answers(shop: BatchShop, k: int) -> None:
    names = shelf_products(shop.stock, STORE)
    expected = shop.answers(k)
    found = list(shop.lists(k))
    products = [names[code] for part in found for code in part.products.tolist()]
    scores = np.concatenate([part.scores for part in found])
    assert [n for part in found for n in part.lengths.tolist()] == [len(answer) for answer, _ in expected]
    exact = shop.bundle.manifest.model in EXACT
    wanted = np.concatenate([one for _, one in expected])
    np.testing.assert_allclose(scores, wanted, rtol=1e-12 if exact else 1e-4)
    if exact:
        assert products == [product for answer, _ in expected for product in answer]
        return
    at = 0
    for answer, own in expected:
        served = dict(zip(answer, own, strict=True))
        told = products[at : at + len(answer)]
        assert len(set(told)) == len(told)
        for product, score in zip(told, scores[at : at + len(answer)].tolist(), strict=True):
            assert served.get(product, own[-1]) == pytest.approx(score, rel=1e-4), "only equal scores may change places"
        at += len(answer)


RULES: list[list[dict[str, Any]]] = [
    [
        {"do": "exclude", "where": {"categories": ["Department 1"]}},
        {"do": "boost", "where": {"products": ["p003", "p010", "p020"]}, "by": 4},
        {"do": "bury", "where": {"categories": ["Department 0 > Ring 1"]}, "by": 0.2},
        {"do": "bought", "where": {"categories": ["Department 0"]}, "days": 0},
    ],
    [{"do": "quota", "per": "category", "at_most": 2}, {"do": "pin", "product": "p030", "position": 3}],
    [{"do": "filter", "where": {"attributes": {"colour": ["red"]}}}],
]


@pytest.mark.parametrize("rules", RULES)
def test_lists_obey_the_rules_of_the_shop_as_serving_does(shop: BatchShop, rules: list[dict[str, Any]]) -> None:
    told = read_rules([{"name": str(n), **one} for n, one in enumerate(rules)])
    held = ShopRules([RuleSet(store=STORE, version=1, rules=told)])
    ruled = BatchShop(shop.system.ruled_by(held), replace(shop.stock, rules=held), shop.bundle)
    test_each_list_is_what_serving_answers(ruled, 6)
    assert [a for a, _ in ruled.answers(6)] != [a for a, _ in shop.answers(6)]


def test_a_sibling_stands_in_for_what_is_sold_out_as_in_serving(shop: BatchShop) -> None:
    """Every third product is a sold-out variant; of its two siblings no model knows one, and some bought the other."""
    cards = {card.product.product: card.product for card in shop.stock.catalogue.cards(STORE)}
    catalogue, trending = planted_catalogue(), Trending()
    change(catalogue)
    rows: list[Product] = []
    for n in range(0, 57, 3):
        gone, other = cards[f"p{n:03d}"], cards.get(f"p{n + 1:03d}")
        told = {"parent": f"family {n}", "price": 5.0}
        look = {"attributes": {"size": "L"}}
        rows.append(msgspec.structs.replace(gone, stock=0.0, **told, **look))
        rows.append(msgspec.structs.replace(gone, product=f"new-{n}", stock=1.0, **told, **look))
        if other is not None:
            rows.append(msgspec.structs.replace(other, **told, **(look if n % 2 else {})))
    catalogue.apply(SourcedRow(row, END + timedelta(hours=1)) for row in rows)
    system = RecommendationSystem(catalogue, trending)
    system.load(shop.bundle)
    sold = BatchShop(system, Stock(catalogue, Shelf(catalogue), trending), shop.bundle)
    for k in (3, 12):
        test_each_list_is_what_serving_answers(sold, k)
    shown = {product for answer, _ in sold.answers(12) for product in answer}
    assert any(product.startswith("new-") for product in shown)
    if shop.bundle.manifest.model != Popular.name:
        assert sum(part.one_by_one for part in sold.lists(3)) < len(USERS), "blocks still answer some"


def test_blocks_score_most_lists_and_rules_fill_up_the_rest(shop: BatchShop) -> None:
    singly = sum(part.one_by_one for part in shop.lists(6))
    known, name = len(USERS) // 3 * 2, shop.bundle.manifest.model
    if name == Popular.name:
        assert singly == len(USERS)
    else:
        assert len(USERS) - known <= singly < (len(USERS) // 2 if name in EXACT else len(USERS) - known + 3)


def test_a_recipe_that_looks_at_more_than_scores_is_kept_to(shop: BatchShop) -> None:
    params = RecommendParams(diversity=0.6)
    varied = BatchShop(
        RecommendationSystem(shop.stock.catalogue, shop.stock.trending, params), shop.stock, shop.bundle, params
    )
    varied.system.load(shop.bundle)
    test_each_list_is_what_serving_answers(varied, 6)


def test_what_a_user_refused_is_in_no_list_of_theirs_and_says_nothing(shop: BatchShop) -> None:
    names, users = shelf_products(shop.stock, STORE), ("u1", "u2", "nobody")
    arrays = {**shop.bundle.arrays, **pack_stock(shop.stock, shop.stock.catalogue.declared[STORE])}
    before = recommend_shard(BatchShard(shop.ask(6), users), Shared(arrays))
    waved = {user: [names[before.products[6 * n]]] for n, user in enumerate(users) if user != "u2"}
    after = recommend_shard(BatchShard(shop.ask(6), users, waved), Shared(arrays))
    np.testing.assert_array_equal(after.products[6:12], before.products[6:12])
    for n, user in ((0, "u1"), (2, "nobody")):
        profile = Profile((SessionEvent(waved[user][0], "dismiss", NOW),))
        body = RecommendationBody(store=STORE, user=user, k=6)
        request = RecommendationRequest(body, Shopper("north", user=user), FULL_CONSENT, NOW, profile)
        expected = [item.product for item in shop.system.answer(request).items]
        assert [names[code] for code in after.products[6 * n : 6 * n + 6]] == expected
        assert waved[user][0] not in expected


def test_the_size_of_a_shard_changes_nothing(shop: BatchShop) -> None:
    [whole] = shop.lists(6, per_shard=1_000)
    parts = list(shop.lists(6, per_shard=7))
    scores = np.concatenate([part.scores for part in parts])
    if shop.bundle.manifest.model in EXACT:
        np.testing.assert_array_equal(np.concatenate([part.products for part in parts]), whole.products)
        np.testing.assert_array_equal(scores, whole.scores)
    np.testing.assert_allclose(scores, whole.scores, rtol=1e-5)


def test_no_users_get_no_lists(shop: BatchShop) -> None:
    assert list(shop.lists(6, users=())) == []
    [empty] = SequentialShards().map_shards(
        recommend_shard,
        [BatchShard(shop.ask(6), ())],
        shared={**shop.bundle.arrays, **pack_stock(shop.stock, shop.stock.catalogue.declared[STORE])},
    )
    assert (len(empty.lengths), len(empty.products), empty.one_by_one) == (0, 0, 0)
