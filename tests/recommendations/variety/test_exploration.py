"""What is tried out is tried out with exactly the chance that is logged."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

import pytest
from scipy.stats import binomtest, chisquare
from tests.recommendations.conftest import NOW, PRODUCTS, Shop, product

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.variety.exploration import Odds, odds, places_for_new, seed_of

DRAWS = 10_000
MEASURED = Consent(measure=True, personalise=False)
List = tuple[str, ...]
Live = list[tuple[str, EventType]]


def every_list(what: Odds) -> dict[List, Fraction]:
    """Return every list that can be drawn with its chance, by the words of the module: all changes, all orders."""
    share = Fraction(what.share).limit_denominator(1000)
    changed = []
    for place in what.open:
        changed += [(*what.base[:place], one, *what.base[place + 1 :]) for one in what.spare]
    for one, two in combinations(what.open, 2):
        swapped = list(what.base)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        changed.append(tuple(swapped))
    found: defaultdict[List, Fraction] = defaultdict(Fraction)
    orders = list(permutations(what.fresh, len(what.reserved)))
    for shown, chance in [(what.base, 1 - share), *((one, share / len(changed)) for one in changed)]:
        for order in orders:
            whole = list(shown)
            for place, fresh in zip(sorted(what.reserved), order, strict=True):
                whole[place] = fresh
            found[tuple(whole)] += chance / len(orders)
    return dict(found)


def given_above(lists: dict[List, Fraction], shown: List, place: int) -> Fraction:
    """Return the chance of the product at a place given the places above, from every list there is."""
    above = sum(chance for one, chance in lists.items() if one[:place] == shown[:place])
    return sum((chance for one, chance in lists.items() if one[: place + 1] == shown[: place + 1]), Fraction()) / above


SETTINGS = [
    Odds(("a", "b", "c"), 0.2, (1, 2), ("x", "y", "z")),
    Odds(("a", "b", "c"), 0.5, (0, 1, 2), ("x",)),
    Odds(("a", "b", "c"), 1.0, (0, 1, 2), ()),
    Odds(("a", "b", "c"), reserved=frozenset({0, 2}), fresh=("n", "m", "o")),
    Odds(("a", "b", "c", "d"), 0.3, (0, 2, 3), ("x", "y"), frozenset({1}), ("n", "m", "o")),
]


@pytest.mark.parametrize("what", SETTINGS)
def test_the_chances_are_those_of_every_list_that_can_be_drawn(what: Odds) -> None:
    lists = every_list(what)
    assert sum(lists.values()) == 1
    for place in range(len(what.base)):
        for one in {*what.base, *what.spare, *what.fresh}:
            exact = sum(chance for shown, chance in lists.items() if shown[place] == one)
            assert what.chance(place, one) == pytest.approx(float(exact)), (place, one)
    assert what.chance(len(what.base), "a") == 0.0


@pytest.mark.parametrize("what", SETTINGS)
def test_ten_thousand_draws_come_as_often_as_their_chances_say(what: Odds) -> None:
    lists = every_list(what)
    seen: Counter[List] = Counter()
    for number in range(DRAWS):
        drawn = what.draw(seed_of(f"decision {number}"))
        shown = tuple(one.product for one in drawn)
        if shown not in seen:
            assert [one.propensity for one in drawn] == pytest.approx(
                [float(given_above(lists, shown, place)) for place in range(len(shown))]
            )
            assert [one.chance for one in drawn] == [what.chance(place, one) for place, one in enumerate(shown)]
        seen[shown] += 1
    possible = [shown for shown, chance in lists.items() if chance > 0]
    assert chisquare([seen[shown] for shown in possible], [float(lists[one]) * DRAWS for one in possible]).pvalue > 1e-4


@pytest.mark.parametrize(
    ("settings", "body"),
    [
        ({"exploration": 0.2, "exploration_pool": 4}, {"k": 3, "products": ("mug",)}),
        ({"exploration": 0.5, "exploration_pool": 3}, {"k": 4}),
        ({"exploration": 0.3, "exploration_pool": 5, "diversity": 0.6}, {"k": 3, "products": ("mug",)}),
        ({"new_share": 0.5}, {"k": 3, "products": ("mug",)}),
        ({"exploration": 0.2, "exploration_pool": 4, "new_share": 0.25, "diversity": 0.5}, {"k": 4}),
        ({"exploration": 1.0, "exploration_pool": 2}, {"k": 3}),
    ],
)
def test_the_logged_chances_are_true_along_the_whole_way(
    make_shop: Callable[..., Shop], settings: dict[str, Any], body: dict[str, Any]
) -> None:
    """Rules, diversity, fill and a product that sold out after the answer was made: 10,000 decisions of strangers."""
    shop = make_shop(RecommendParams(**settings)).learn()
    for days, name in enumerate(("pan", "lamp", "toy")):
        shop.put(product(name, available_from=NOW - timedelta(days=1 + days)))
    request = shop.request(consent=MEASURED, **body)
    made = shop.system.answer(request)
    if made.spare:
        shop.put(product(made.spare[-1].product, stock=0.0))
    places: defaultdict[int, Counter[str]] = defaultdict(Counter)
    chances: dict[tuple[int, str], float] = {}
    after: defaultdict[str, Counter[str]] = defaultdict(Counter)
    given: dict[tuple[str, str], float] = {}
    for number in range(DRAWS):
        shown = shop.system.draw(request, made, f"d{number}")
        names = [item.product for item in shown.items]
        assert len(set(names)) == len(names) == body["k"]
        assert shop.system.still_holds(request, shown)
        for place, (name, one) in enumerate(zip(names, shown.chances, strict=True)):
            places[place][name] += 1
            assert chances.setdefault((place, name), one.chance) == one.chance
        assert given.setdefault((names[0], names[1]), shown.chances[1].propensity) == shown.chances[1].propensity
        after[names[0]][names[1]] += 1
    cells = [(places[place][name], DRAWS, chance) for (place, name), chance in chances.items()]
    cells += [(after[one][two], after[one].total(), chance) for (one, two), chance in given.items()]
    for count, of, chance in cells:
        assert binomtest(count, of, min(chance, 1.0)).pvalue > 1e-3 / len(cells)
    for place, counts in places.items():
        assert sum(chances[place, name] for name in counts) == pytest.approx(1.0), "every possible product came"


def test_without_exploration_nothing_is_left_to_chance_and_the_log_says_so(shop: Shop) -> None:
    request = shop.request(products=("mug",))
    made = shop.system.answer(request)
    assert shop.system.draw(request, made, "d1") is made
    assert (made.spare, made.fresh, made.chances) == ((), (), ())
    _, kept = shop.system.record(made)
    assert (kept["policy"], kept["propensity"]) == ("certain", 1.0)


def test_what_is_logged_of_a_drawn_list_is_its_chances_scores_and_seed(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(exploration=0.5, exploration_pool=4)).learn()
    request = shop.request(products=("mug",), consent=MEASURED)
    made = shop.system.answer(request)
    shown = shop.system.draw(request, made, "d1")
    count, kept = shop.system.record(shown)
    assert (count, kept["policy"], kept["seed"]) == (3, "drawn", f"{seed_of('d1'):016x}")
    scores = {item.product: item.score for item in (*made.items, *made.spare)}
    for row in kept["items"]:
        assert 0 < row["propensity"] <= 1
        assert 0 < row["chance"] <= 1
        assert row["open"] is True
        assert row["policy_score"] == scores[row["product"]]
    assert [item.score for item in shown.items] == sorted((item.score for item in shown.items), reverse=True)


def draw(shop: Shop, decision: str, **asked: Any) -> RecommendationAnswer:  # noqa: ANN401 - fields of a request
    request = shop.request(**asked)
    return shop.system.draw(request, shop.system.answer(request), decision)


def test_a_shopper_keeps_a_drawn_list_until_they_do_something(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(exploration=0.5, exploration_pool=4)).learn()
    assert draw(shop, "d1", user="ann") == draw(shop, "d2", user="ann")
    views: list[Live | None] = [None, [("pan", "view")]]
    seeds = {draw(shop, "d1", user=user, live=live).seed for user in ("ann", "ben") for live in views}
    assert len(seeds) == 4
    assert draw(shop, "d1", consent=MEASURED).seed != draw(shop, "d2", consent=MEASURED).seed


def test_nothing_is_tried_out_on_who_is_not_measured(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(exploration=1.0)).learn()
    assert not draw(shop, "d1", consent=Consent(measure=False, personalise=True), user="ann").chances


def test_new_products_have_their_share_of_the_places(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(new_share=0.25)).learn()
    shop.put(product("toy", available_from=NOW - timedelta(days=29)))
    shop.put(product("lamp", available_from=NOW - timedelta(days=31)))
    shown = draw(shop, "d1", products=("mug",), k=4, consent=MEASURED)
    assert shown.items[3].product == "toy"
    assert shown.items[3].reasons[0].code == "new"
    shop.put(product("cup", available_from=NOW))
    listed = draw(shop, "d1", products=("mug",), k=4, consent=MEASURED)
    assert listed.items[0].product == "cup", "a new product that is listed anyway has its place"
    assert not listed.chances


def test_a_product_that_met_enough_interest_is_new_no_longer(make_shop: Callable[..., Shop]) -> None:
    fresh = {"available_from": NOW - timedelta(days=1)}
    for views, new in ((10.0, False), (25.0, True)):  # 20 shoppers viewed forks ten days before the newest event
        shop = make_shop(RecommendParams(new_share=0.5, new_views=views)).learn()
        shop.put(product("fork", **fresh))
        answer = shop.system.answer(shop.request(products=("mug",), k=2))
        assert (("fork",) if new else ()) == tuple(item.product for item in answer.fresh), views


def test_places_for_new_products_are_spread_down_to_the_last() -> None:
    what = odds([str(n) for n in range(10)], [], list("abc"), share=0.0, reserved=2, new={4})
    assert what.reserved == {3, 9}
    assert places_for_new(0.07, 100) == 7
    assert places_for_new(0.01, 10) == 1


def test_a_list_with_nothing_to_change_is_certain() -> None:
    assert odds(list("ab"), [], [], share=0.1, reserved=0, kept={1}).certain
    assert odds(list("ab"), ["x"], [], share=0.0, reserved=2).certain
    assert not odds(list("ab"), [], [], share=0.1, reserved=0).certain, "two places can be swapped"
    assert odds(list("abcd"), ["x"], [], share=0.1, reserved=0, kept={3}).open == (0, 1, 2)


def test_a_list_has_one_change_at_most_so_nobody_sees_a_page_of_trials() -> None:
    what = odds([str(n) for n in range(8)], list("xyz"), [], share=1.0, reserved=0)
    for seed in range(500):
        moved = [one.product for place, one in enumerate(what.draw(seed)) if one.product != what.base[place]]
        assert len(moved) == 1 or (len(moved) == 2 and set(moved) < set(what.base))


def test_a_fresh_product_is_not_tried_as_a_spare_one_too() -> None:
    what = odds(list("abcd"), ["n", "x"], ["n"], share=0.1, reserved=1)
    assert (what.spare, what.fresh) == (("x",), ("n",))
    assert odds(list("abcd"), ["n", "x"], ["n"], share=0.1, reserved=0).spare == ("n", "x")


def test_every_product_can_still_be_drawn_in_the_small_shop(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(exploration=1.0, exploration_pool=10)).learn()
    seen = [[item.product for item in draw(shop, f"d{n}", k=3, consent=MEASURED).items] for n in range(600)]
    assert all({one[place] for one in seen} == set(PRODUCTS) for place in range(3)), "at every place"
