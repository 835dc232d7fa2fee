"""A model that picks what it scores also scores what is asked about: results, candidates, what passes a filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.event import EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.evidence import gather
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.hybrid.model import SHARED, Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_linear import STRANGER
from shopkeeper.recommendations.hybrid.ranker import Ranker
from shopkeeper.recommendations.judging import candidates
from shopkeeper.recommendations.loaded import LoadedModel, assemble_model, bundle_arrays
from shopkeeper.recommendations.model import RecommendationModel, Scored
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.mixture import LENGTHS, Mixture
from shopkeeper.recommendations.named import named_in
from shopkeeper.recommendations.past import past_of
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS
from shopkeeper.recommendations.request import Filters, RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.trees import NO_TREES
from shopkeeper.serving.ports import Profile, SessionEvent
from shopkeeper.testing.planted import END, PRODUCTS, category_of, planted_catalogue, planted_interactions, product_name

NOW = END + timedelta(minutes=5)
POOL = 10
SOURCES = HybridParams(cuts=0, choose=False, content=False, demographics=False, factors=False, pool=POOL)
ALL = tuple(product_name(n) for n in range(PRODUCTS))


@dataclass(frozen=True)
class Asking:
    """The planted shop with a model, and a shopper who just viewed two products."""

    loaded: LoadedModel
    system: RecommendationSystem
    stock: Stock

    def request(self, **body: Any) -> RecommendationRequest:  # noqa: ANN401 - fields of a body, whatever they are
        asked = RecommendationBody(**{"store": "north-1", "visitor": "v", **body})
        viewed: tuple[tuple[str, EventType], ...] = (("p003", "view"), ("p004", "view"))
        events = tuple(SessionEvent(name, kind, END) for name, kind in viewed)
        return RecommendationRequest(asked, Shopper("north", visitor="v"), FULL_CONSENT, NOW, Profile(events, 2))

    def scored(self, *, named: bool = True, **body: Any) -> Scored:  # noqa: ANN401 - as `request`
        """Return what may be in the list with its scores, told what the request names or not."""
        request = self.request(**body)
        told = [named_in(request, self.loaded, self.stock)] if named else []
        past = past_of(request, self.loaded)
        evidence = gather(request, past, self.loaded, self.stock.catalogue, DEFAULT_PARAMS, *told)
        return candidates(request, evidence, self.loaded, self.stock.catalogue)

    def codes(self, products: tuple[str, ...]) -> list[int]:
        return [self.loaded.index.codes("north")[product] for product in products]


@pytest.fixture(scope="module")
def hybrid() -> Hybrid:
    """Return a hybrid whose ranker adds up what two sources say."""
    plain = Hybrid.fit(planted_interactions(), SOURCES, 1)
    weights = np.array([[2.0 * (name == "behaviour.knn_of_best") + (name == "popularity.store_of_best")
                         for name in plain.columns]] * 2)  # fmt: skip
    ranker = Ranker(weights, plain.columns.index(STRANGER), NO_TREES, np.zeros(len(plain.columns)))
    return Hybrid(plain.known, {SHARED: ranker}, plain.columns, plain.params)


@pytest.fixture(scope="module", params=["hybrid", "blend"])
def shop(request: pytest.FixtureRequest, hybrid: Hybrid) -> Asking:
    data, model = planted_interactions(), hybrid
    served: RecommendationModel = model
    if request.param == "blend":
        knn = ItemKnn.fit(data, ItemKnnParams(neighbours=3), 1)
        served = Blend((knn, model), Mixture("shares", np.full((len(LENGTHS), 2), 0.5)), model.popular, 0.2)
    loaded = assemble_model("v1", served.name, bundle_arrays(served, ShopperPasts.build(data)))
    catalogue, trending = planted_catalogue(), Trending()
    system = RecommendationSystem(catalogue, trending)
    system.serve(loaded)
    return Asking(loaded, system, Stock(catalogue, Shelf(catalogue), trending, loaded.popular))


def test_every_candidate_is_scored_even_what_was_just_viewed(shop: Asking) -> None:
    picked, told = shop.scored(named=False, candidates=ALL), shop.scored(candidates=ALL)
    assert len(picked) < PRODUCTS
    assert sorted(told.items.tolist()) == shop.codes(ALL)
    assert (told.scores > 0).all()
    if isinstance(shop.loaded.model, Hybrid):
        np.testing.assert_array_equal(told.scores[np.searchsorted(told.items, picked.items)], picked.scores)


@pytest.mark.parametrize("body", [{}, {"surface": "product", "products": ("p010",)}])
def test_where_a_request_narrows_nothing_not_a_bit_changes(shop: Asking, body: dict[str, Any]) -> None:
    plain, told = shop.scored(named=False, **body), shop.scored(**body)
    np.testing.assert_array_equal(told.items, plain.items)
    np.testing.assert_array_equal(told.scores, plain.scores)


def test_a_filter_s_products_are_all_in_their_order(shop: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    body: dict[str, Any] = {"surface": "category", "filters": Filters(categories=(category_of(PRODUCTS - 1),)), "k": 6}
    told = shop.scored(**body)
    scores = dict(zip(told.items.tolist(), told.scores.tolist(), strict=True))
    found = shop.system.answer(shop.request(**body)).items
    ring = shop.codes(tuple(item.product for item in found))
    assert sorted(ring) == shop.codes(ALL[-6:])
    assert [item.score for item in found] == pytest.approx([scores[code] for code in ring])
    monkeypatch.setattr("shopkeeper.recommendations.named.MOST", 4)
    request = shop.request(**body)
    popular = shop.loaded.popular.leaders("north-1", category_of(PRODUCTS - 1))
    assert popular is not None
    assert named_in(request, shop.loaded, shop.stock).tolist() == sorted(popular.items[:4].tolist())


def test_asked_together_requests_are_answered_as_one_by_one(shop: Asking) -> None:
    last = Filters(categories=(category_of(PRODUCTS - 1),))
    asked = [shop.request(), shop.request(candidates=ALL[30:], k=30), shop.request(filters=last, k=6)]
    for one, together in zip(map(shop.system.answer, asked), shop.system.answers(asked), strict=True):
        assert [item.product for item in one.items] == [item.product for item in together.items]
        assert [item.score for item in one.items] == pytest.approx([item.score for item in together.items])


def test_a_result_the_model_would_not_have_picked_is_not_put_behind_the_others(shop: Asking) -> None:
    picked = set(shop.scored(named=False, candidates=ALL).items.tolist())
    missed = next(name for name in ALL[8:] if shop.codes((name,))[0] not in picked)
    told = shop.scored(candidates=ALL)
    scores = dict(zip(told.items.tolist(), told.scores.tolist(), strict=True))
    results = tuple(name for name in ALL if name not in ("p003", "p004"))
    answer = shop.system.answer(
        shop.request(surface="search", candidates=results, relevance=(1.0,) * len(results), k=len(results))
    )
    rank = [item.product for item in answer.items].index(missed)
    assert rank == sum(scores[shop.codes((name,))[0]] > scores[shop.codes((missed,))[0]] for name in results)
    assert rank < len(results) / 2
