"""The way of a visit leads elsewhere from the cart than from a look, and request and past are asked alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.recommendations.conftest import HISTORY, Shop, interactions

from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.evidence import gather
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.page import from_page
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.way import Ways
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.past import past_of
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS

SIZE, CATEGORIES = 60, 4
VIEW, CART = KINDS.index("view"), KINDS.index("cart")
LEAVES = (np.arange(SIZE) % CATEGORIES + 1).astype(np.int32)
PARAMS = HybridParams(
    trees=20, leaves=8, fewest=5, axes=4, cuts=2, way=True, choose=False, als=AlsParams(factors=4, iterations=2),
)  # fmt: skip


def errands(shoppers: int = 300) -> Interactions:
    """Return visits of two pages: who only looks stays in the category, who takes it goes on to the next one."""
    draw = np.random.default_rng(4)
    rows = []
    for shopper in range(shoppers):
        for visit in range(3):
            begun = visit * 9 * 86_400 + int(draw.integers(0, 86_400))
            first = int(draw.integers(0, SIZE))
            kind = int(draw.choice([VIEW, CART]))
            category = first % CATEGORIES if kind == VIEW else (first + 1) % CATEGORIES
            second = (int(draw.integers(0, SIZE // CATEGORIES)) * CATEGORIES + category) % SIZE
            rows += [(begun, shopper, first, kind), (begun + 60, shopper, second, VIEW)]
    times, people, items, kinds = np.array(sorted(rows), dtype=np.int64).T
    count = len(rows)
    return Interactions(
        people.astype(np.int32), items.astype(np.int32), np.zeros(count, dtype=np.int32), kinds.astype(np.int8),
        (1_767_225_600 + times) * SECOND, np.zeros(count, dtype=np.int8),
        single_group([f"P{n:02}" for n in range(SIZE)], "uk"),
        [(f"Category {n % CATEGORIES}",) for n in range(SIZE)],
        [shopper_key("uk", "user", str(n)) for n in range(shoppers)], ("uk",),
    )  # fmt: skip


def on_page(item: int, kind: int) -> Asked:
    """Return what is asked on a product's page."""
    now = 1_770_000_000
    return Asked(
        "uk", now, np.array([item]), np.ones(1), np.array([kind], dtype=np.int8), np.array([now]), np.array([True])
    )


def named(ways: Ways, asked: Asked) -> dict[str, np.ndarray]:
    """Return the columns, an entry for each item."""
    columns = ways.columns(None, asked, np.arange(SIZE))
    return {name: np.broadcast_to(column, SIZE) for name, column in columns}


def test_the_cart_leads_elsewhere_than_a_look() -> None:
    ways = Ways.fit(errands(), LEAVES)
    looked, carted = named(ways, on_page(4, VIEW)), named(ways, on_page(4, CART))
    best = {
        "looked": LEAVES[np.argmax(looked["way.next_as_met"])],
        "carted": LEAVES[np.argmax(carted["way.next_as_met"])],
    }
    assert best == {"looked": LEAVES[4], "carted": LEAVES[5]}
    np.testing.assert_array_equal(looked["way.next"], carted["way.next"])
    assert set(LEAVES[ways.likeliest(on_page(4, CART), ways.ahead(0, SIZE, 10), 10)]) == {LEAVES[5]}
    assert (looked["way.carted"][0], carted["way.carted"][0]) == (0.0, 1.0)


def test_what_a_step_leads_to_is_found_among_the_first_of_each_category() -> None:
    ways = Ways.fit(errands(), LEAVES)
    ways = replace(ways, shares=np.random.default_rng(3).integers(-5, 0, size=SIZE).astype(np.float32))
    asked = on_page(4, CART)
    start, most = 3, 10
    chances = named(ways, asked)["way.next_as_met"][start:] + ways.shares[start:]
    wanted = start + np.argsort(-chances, kind="stable")[:most]
    found = ways.likeliest(asked, ways.ahead(start, SIZE, most), most)
    np.testing.assert_array_equal(np.sort(found), np.sort(wanted))


def test_lifts_are_as_counted_by_hand() -> None:
    """Two steps from category 1: one to itself, one to category 2; 20 steps of average shares are added."""
    data = errands(1).take(np.zeros(6, dtype=np.bool_))
    hour, count = 3_600 * SECOND, 4
    data = replace(
        data, shoppers=np.zeros(count, dtype=np.int32), items=np.array([0, 4, 0, 1], dtype=np.int32),
        stores=np.zeros(count, dtype=np.int32), kinds=np.zeros(count, dtype=np.int8),
        times=np.array([0, SECOND, 2 * hour, 2 * hour + SECOND]), devices=np.zeros(count, dtype=np.int8),
    )  # fmt: skip
    ways = Ways.fit(data, LEAVES)
    shares = np.array([1.0, 2.0, 2.0]) / 5.0  # none, category 1, category 2: steps to it, and one more
    wanted = np.log((np.array([0.0, 1.0, 1.0]) + 20.0 * shares) / 22.0 / shares)
    np.testing.assert_allclose(ways.lifts[0, 1], wanted, atol=1e-3)
    np.testing.assert_allclose(ways.lifts[2, 1], 0.0, atol=1e-3)  # nothing was put into the cart


def test_without_a_page_nothing_is_said() -> None:
    ways = Ways.fit(errands(), LEAVES)
    nowhere = replace(on_page(4, CART), page=np.array([False]))
    assert not any(column.any() for column in named(ways, nowhere).values())


def test_the_ranker_finds_what_the_cart_leads_to() -> None:
    model = Hybrid.fit(errands(), PARAMS, 1)
    first = {kind: model.score(on_page(4, kind)) for kind in (VIEW, CART)}
    shares = {kind: (LEAVES[one.items[np.argsort(-one.scores)[:8]]] == LEAVES[5]).mean() for kind, one in first.items()}
    assert shares[CART] > 0.7
    assert shares[VIEW] < 0.3


def test_what_lies_in_the_bundle_answers_alike() -> None:
    model = Hybrid.fit(errands(), PARAMS, 1)
    again = Hybrid.from_arrays(model.index, model.arrays())
    asked = on_page(4, CART)
    np.testing.assert_array_equal(again.score(asked).scores, model.score(asked).scores)
    assert "way" in model.groups
    assert not [name for name in Hybrid.fit(errands(), replace(PARAMS, way=False), 1).arrays() if "way" in name]


@pytest.mark.parametrize("last", ["view", "cart"])
def test_what_was_done_with_the_product_of_a_page_is_known_to_request_and_past_alike(
    shop: Shop, last: EventType
) -> None:
    loaded = load_model(shop.bundle())
    loaded = replace(loaded, model=Hybrid.fit(interactions(HISTORY), replace(PARAMS, content=False), 1))

    def asked(products: tuple[str, ...]) -> Asked:
        live: list[tuple[str, EventType]] = [("mug", "view"), ("fork", "view"), ("cup", "view"), ("cup", last)]
        request = shop.request(live=live, visitor="v", products=products)
        return gather(request, past_of(request, loaded), loaded, shop.catalogue, DEFAULT_PARAMS).asked

    named_page, unnamed = asked(("cup",)), from_page(asked(()))
    assert named_page.kinds[named_page.page].tolist() == [KINDS.index(last)]
    np.testing.assert_array_equal(named_page.kinds, unnamed.kinds)
    assert asked(("fork",)).kinds[-1] == VIEW
