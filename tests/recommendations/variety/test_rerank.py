"""A list is ordered by more than its scores where a recipe asks for it, by the published formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recommendations.conftest import Shop, product

from shopkeeper.commerce.product import Product
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.variety.diversity import Likeness, likeness
from shopkeeper.recommendations.variety.dpp import OWN, Volume
from shopkeeper.recommendations.variety.own_mix import ALPHA, OwnMix, divergence, kind_of, mix_of
from shopkeeper.recommendations.variety.popularity_penalty import popularity_penalty
from shopkeeper.recommendations.variety.price_band import PriceBands
from shopkeeper.recommendations.variety.rerank import Taste, greedy, reranked
from shopkeeper.serving.catalogue import Card

PATHS = ("Home > Kitchen", "Home > Kitchen > Cups", "Home > Light", "Play", "Play > Toys", "")


def card(name: str, *categories: str, price: float | None = None) -> Card:
    return Card(Product(product=name, store="uk", categories=categories), price, None)


def cards(kinds: list[int]) -> list[Card]:
    return [card(f"p{n}", *([PATHS[kind]] if PATHS[kind] else [])) for n, kind in enumerate(kinds)]


@given(st.lists(st.integers(0, len(PATHS) - 1), min_size=1, max_size=9), st.integers(1, 6), st.floats(0.05, 0.95))
def test_dpp_takes_what_adds_most_to_the_volume_of_all_that_was_chosen(kinds: list[int], k: int, weight: float) -> None:
    alike = likeness(cards(kinds))
    kernel = (1 - OWN) * alike
    np.fill_diagonal(kernel, 1.0)
    worth = np.linspace(1, 0.2, len(kinds))

    def value(chosen: list[int]) -> float:
        return float((1 - weight) * worth[chosen].sum() + weight * np.linalg.slogdet(kernel[np.ix_(chosen, chosen)])[1])

    chosen = greedy(worth, [(weight, Volume(alike))], k)
    for place in range(len(chosen)):
        others = [n for n in range(len(kinds)) if n not in chosen[:place]]
        best = max(value([*chosen[:place], n]) for n in others)
        assert value(chosen[: place + 1]) == pytest.approx(best, abs=1e-6)


def test_dpp_sees_a_third_product_of_a_kind_where_mmr_sees_a_second() -> None:
    """Two kitchen products are chosen; to MMR a third costs what the second did, to the volume more."""
    alike = likeness(cards([0, 0, 0, 3]))
    both = Likeness(alike), Volume(alike)
    for term in both:
        term.choose(0)
    after_one = [float(term.gains()[2]) for term in both]
    for term in both:
        term.choose(1)
    after_two = [float(term.gains()[2]) for term in both]
    assert after_two[0] == after_one[0] == -1.0
    assert after_one[1] == pytest.approx(math.log(1 - (1 - OWN) ** 2))
    assert after_two[1] < after_one[1]


def test_divergence_is_steck_s_with_its_reference_value() -> None:
    shown = (1 - ALPHA) * 0.5
    by_hand = 0.7 * math.log(0.7 / (shown + ALPHA * 0.7)) + 0.3 * math.log(0.3 / (shown + ALPHA * 0.3))
    assert divergence(np.array([0.7, 0.3]), np.array([0.5, 0.5])) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.0806909, abs=5e-8)
    assert divergence(np.array([0.7, 0.3]), np.array([0.7, 0.3])) == pytest.approx(0.0)


@given(
    st.lists(st.integers(0, len(PATHS) - 1), min_size=1, max_size=8),
    st.dictionaries(st.sampled_from(["Home > Kitchen", "Play", "Else"]), st.floats(0.1, 1), min_size=1),
    st.lists(st.integers(0, 7), max_size=3),
)
def test_the_gain_of_a_product_is_minus_the_divergence_of_the_list_with_it(
    kinds: list[int], weights: dict[str, float], first: list[int]
) -> None:
    mix = {kind: weight / sum(weights.values()) for kind, weight in weights.items()}
    names = [kind_of(one) for one in cards(kinds)]
    term = OwnMix(mix, names)
    chosen = [place for place in first if place < len(kinds)]
    for place in chosen:
        term.choose(place)
    own = np.array(list(mix.values()))
    for place, gain in enumerate(term.gains()):
        listed = [names[one] for one in (*chosen, place)]
        shown = np.array([listed.count(kind) / len(listed) for kind in mix])
        assert gain == pytest.approx(-divergence(own, shown))


def test_a_list_comes_in_the_shopper_s_own_mix() -> None:
    """Seven of ten past products are kitchen: so are seven of a list of ten, whatever scores highest."""
    past = [(card("x", "Home > Kitchen > Cups"), 1.0)] * 7 + [(card("y", "Play > Toys > Wood"), 1.0)] * 3
    found = [(n, 1.0 - n / 100, one) for n, one in enumerate(cards([0] * 20 + [4] * 20))]
    taste = Taste(mix_of(past))
    assert taste.mix == {"Home > Kitchen": 0.7, "Play > Toys": 0.3}
    listed = reranked(found, 10, RecommendParams(own_mix=0.9), taste)
    assert sum(kind_of(one) == "Home > Kitchen" for _, _, one in listed) == 7
    assert all(left[1] >= right[1] for left, right in pairwise(listed))
    plain = reranked(found, 10, RecommendParams(own_mix=0.9), Taste(mix_of([])))
    assert [item for item, _, _ in plain] == list(range(10)), "of who is unknown the scores alone count"


def test_the_best_seller_loses_most_and_what_nobody_wants_nothing() -> None:
    demand = np.array([99.0, 9.0, 0.0], dtype=np.float32)
    lost = popularity_penalty(demand, [0, 1, 2], 0.4)
    assert lost.tolist() == pytest.approx([0.4, 0.4 * math.log(10) / math.log(100), 0.0])
    assert popularity_penalty(demand, [0], 0.0).tolist() == [0.0]
    assert popularity_penalty(np.zeros(2, dtype=np.float32), [0, 1], 1.0).tolist() == [0.0, 0.0]


def priced(*prices: float, category: str = "Home > Light") -> list[Card]:
    return [card(f"at {price}", category, price=price) for price in prices]


def test_a_price_a_doubling_outside_the_usual_band_halves_the_score() -> None:
    bands = PriceBands.of(priced(10, 20, 30, 40, 50, 60))
    low, high = 20.0, 50.0  # 20th and 80th percentile of six prices lie on the second and the fifth
    found = bands.factors(priced(low / 2, low, 33, high, 2 * high, 4 * high), 1.0)
    assert found.tolist() == pytest.approx([0.5, 1, 1, 1, 0.5, 0.25])
    assert bands.factors(priced(2 * high), 2.0).tolist() == pytest.approx([0.25])


def test_a_band_is_of_the_narrowest_category_that_says_enough_and_never_too_narrow() -> None:
    bands = PriceBands.of([*priced(10, 10, 10), *priced(80, 80, category="Home > Kitchen")])
    assert bands.factors(priced(10 * 1.25, 20 * 1.25), 1.0).tolist() == pytest.approx([1, 0.5])
    assert bands.factors(priced(40, category="Home > Kitchen"), 1.0).tolist() == pytest.approx([1]), "the band of Home"
    assert bands.factors(priced(1e6, category="Play"), 1.0).tolist() == [1]
    unpriced = [card("free", "Home > Light"), card("nowhere", price=5.0)]
    assert bands.factors(unpriced, 1.0).tolist() == [1, 1]


def test_a_budget_lowers_the_band_and_holds_where_nothing_is_known() -> None:
    bands = PriceBands.of(priced(50, 50, 50), budget=25.0)
    assert bands.factors(priced(50, 25, 10), 1.0).tolist() == pytest.approx([0.5, 1, 10 / 25])
    assert PriceBands.of([], 25.0).factors(priced(50, 10), 1.0).tolist() == pytest.approx([0.5, 1])


def test_an_arm_s_settings_reach_the_answer(shop: Shop) -> None:
    shop.put(product("cup", price=200.0))
    request = shop.request(live=[("mug", "view"), ("pan", "view"), ("bowl", "view")], k=2)
    listed = {
        name: [item.product for item in shop.system.with_settings(settings).answer(request).items]
        for name, settings in (("plain", {}), ("band", {"price_band": 3.0}), ("novelty", {"novelty": 1.0}))
    }
    assert listed["plain"] == ["cup", "plate"]
    assert listed["band"] == ["plate", "cup"], "what was looked at costs 10, a cup 200"
    varied = shop.system.with_settings({"diversity": 0.5, "diversity_by": "dpp", "own_mix": 0.3}).answer(request)
    assert len(varied.items) == 2
    assert all(left.score >= right.score for left, right in pairwise(varied.items))


def test_a_budget_on_the_page_is_read_from_its_context(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(price_band=3.0)).learn()
    shop.put(product("cup", price=200.0))
    first = {budget: shop.ask(products=("mug",), context={"budget": budget})[0] for budget in (20, "20", True, -1, 300)}
    assert first == {20: "plate", "20": "cup", True: "cup", -1: "cup", 300: "cup"}
