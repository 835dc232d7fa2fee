"""Lists for many shoppers are the lists serving gives each of them."""

from __future__ import annotations

from collections.abc import Iterator
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
from shopkeeper.recommendations.batch import (
    BatchAsk,
    BatchLists,
    BatchShard,
    recommend_shard,
    shelf_products,
)
from shopkeeper.recommendations.batch_stock import pack_stock
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.merchandising import RuleSet, read_rules
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.popular import Popular, PopularParams
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.shelf import Shelf
from shopkeeper.recommendations.shop_rules import ShopRules
from shopkeeper.recommendations.shoppers import ShopperPasts
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.recommendations.trending import Trending
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.testing.planted import END, STORES, planted_catalogue, planted_interactions

NOW = END + timedelta(days=1)
STORE = STORES[0]
USERS = (*(f"u{n}" for n in range(240)), "nobody", "ü-鍵")


@dataclass(frozen=True)
class BatchShop:
    """The planted shop with a model, in which some products are sensitive, sold out, new or trending."""

    system: RecommendationSystem
    stock: Stock
    bundle: Bundle

    def ask(self, k: int) -> BatchAsk:
        return BatchAsk(self.bundle.version, self.bundle.manifest.model, STORE, k, NOW)

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


def fit(name: str, data: Interactions) -> RecommendationModel:
    if name == Popular.name:
        return Popular.fit(data, PopularParams(), 1)
    return ItemKnn.fit(data, ItemKnnParams(neighbours=12), 1)


@pytest.fixture(scope="module", params=[ItemKnn.name, Popular.name])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BatchShop:
    data = planted_interactions()
    model = fit(request.param, data)
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
    assert products == [product for answer, _ in expected for product in answer]
    np.testing.assert_allclose(scores, np.concatenate([one for _, one in expected]), rtol=1e-12)
    assert [n for part in found for n in part.lengths.tolist()] == [len(answer) for answer, _ in expected]


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


def test_blocks_score_most_lists_and_rules_fill_up_the_rest(shop: BatchShop) -> None:
    filled = sum(part.filled for part in shop.lists(6))
    if shop.bundle.manifest.model == ItemKnn.name:
        known = len(USERS) // 3 * 2
        assert len(USERS) - known <= filled < len(USERS) // 2
    else:
        assert filled == len(USERS)


def test_the_size_of_a_shard_changes_nothing(shop: BatchShop) -> None:
    [whole] = shop.lists(6, per_shard=1_000)
    parts = list(shop.lists(6, per_shard=7))
    np.testing.assert_array_equal(np.concatenate([part.products for part in parts]), whole.products)
    np.testing.assert_array_equal(np.concatenate([part.scores for part in parts]), whole.scores)


def test_no_users_get_no_lists(shop: BatchShop) -> None:
    assert list(shop.lists(6, users=())) == []
    [empty] = SequentialShards().map_shards(
        recommend_shard,
        [BatchShard(shop.ask(6), ())],
        shared={**shop.bundle.arrays, **pack_stock(shop.stock, shop.stock.catalogue.declared[STORE])},
    )
    assert (len(empty.lengths), len(empty.products), empty.filled) == (0, 0, 0)
