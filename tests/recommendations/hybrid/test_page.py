"""A question from a product's page and one of the past are one question, and both ask what is taken next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.recommendations.conftest import HISTORY, Shop, interactions

from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, VISIT_GAP, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.evidence import gather
from shopkeeper.recommendations.hybrid.candidates import faded
from shopkeeper.recommendations.hybrid.model import SHARED, Hybrid
from shopkeeper.recommendations.hybrid.page import from_page
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_questions import ListPlan, Question, questions
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.trends import DAY
from shopkeeper.recommendations.past import past_of
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS
from shopkeeper.registry.trees import NO_TREES

PRODUCTS, RING, VISITS, PAGES = 48, 6, 8, 5
PARAMS = HybridParams(
    trees=20, leaves=8, fewest=5, axes=4, cuts=3, content=False, demographics=False,
    als=AlsParams(factors=4, iterations=2),
)  # fmt: skip


def visits(seed: int = 1) -> Interactions:
    """Return views by 200 shoppers, a visit every six days: each walks along one ring of products, drawn anew."""
    draw = np.random.default_rng(seed)
    rows = []
    for shopper in range(200):
        for visit in range(VISITS):
            begun = visit * 6 * 86_400 + int(draw.integers(0, 86_400))
            ring, place = int(draw.integers(0, PRODUCTS // RING)), int(draw.integers(0, RING))
            for page in range(PAGES):
                rows.append((begun + 60 * page, shopper, ring * RING + (place + page) % RING))
    rows.sort()
    times, shoppers, items = np.array(rows, dtype=np.int64).T
    count = len(rows)
    return Interactions(
        shoppers.astype(np.int32), items.astype(np.int32), np.zeros(count, dtype=np.int32),
        np.zeros(count, dtype=np.int8), (1_767_225_600 + times) * SECOND, np.zeros(count, dtype=np.int8),
        single_group([f"P{n:02}" for n in range(PRODUCTS)], "uk"), [("Home",)] * PRODUCTS,
        [shopper_key("uk", "user", str(n)) for n in range(200)], ("uk",),
    )  # fmt: skip


def asked_of(items: list[int], kinds: list[EventType], ago: list[int]) -> Asked:
    """Return what is asked after some events, so many seconds ago each."""
    now = 1_770_000_000
    return Asked(
        "uk", now, np.array(items, dtype=np.int64), np.ones(len(items)),
        np.array([KINDS.index(kind) for kind in kinds], dtype=np.int8),
        now - np.array(ago, dtype=np.int64), np.zeros(len(items), dtype=np.bool_),
    )  # fmt: skip


def of_the_past(plan_visits: bool) -> list[Question]:
    """Return what is asked of its last days."""
    data = visits()
    plan = ListPlan(cuts=1, days=7.0, step=7.0, most=500, visits=plan_visits, repeats=True)
    cut = int(data.times[-1]) + 1 - 7 * DAY
    return list(questions(data, (cut, cut), plan, np.random.default_rng(1), 500))


def test_a_page_that_is_named_and_one_that_was_just_viewed_are_one_question(shop: Shop) -> None:
    live: list[tuple[str, EventType]] = [("mug", "view"), ("cup", "view"), ("fork", "cart"), ("cup", "view")]
    loaded = load_model(shop.bundle())
    hybrid = Hybrid.fit(interactions(HISTORY), PARAMS, 1)
    loaded = replace(loaded, model=hybrid)

    def asked(**body: Any) -> Asked:  # noqa: ANN401 - fields of a body, whatever they are
        request = shop.request(live=live, visitor="v", **body)
        return gather(request, past_of(request, loaded), loaded, shop.catalogue, DEFAULT_PARAMS).asked

    named, unnamed = asked(products=("cup",), surface="product"), asked()
    assert named.page.any()
    assert not unnamed.page.any()
    for column in ("items", "kinds", "times", "page", "weights"):
        np.testing.assert_array_equal(getattr(from_page(unnamed), column), getattr(named, column), err_msg=column)
    np.testing.assert_array_equal(hybrid.score(unnamed).items, hybrid.score(named).items)
    np.testing.assert_allclose(hybrid.score(unnamed).scores, hybrid.score(named).scores)


@pytest.mark.parametrize(
    ("kind", "ago", "there"),
    [
        ("view", 60, True),
        ("cart", 60, True),
        ("view", VISIT_GAP, False),
        ("rating", 60, False),
        ("purchase", 60, False),
    ],
)
def test_who_left_or_paid_is_on_no_page(kind: EventType, ago: int, there: bool) -> None:
    asked = asked_of([1, 2], ["view", kind], [ago + 60, ago])
    assert from_page(asked).page.any() == there
    assert (from_page(asked) is asked) != there


def test_who_has_no_past_is_on_no_page() -> None:
    nobody = asked_of([], [], [])
    assert from_page(nobody) is nobody


def test_the_product_of_the_page_does_not_come_into_question() -> None:
    model = Hybrid.fit(visits(), PARAMS, 1)
    asked = asked_of([1, 2, 3], ["view"] * 3, [180, 120, 60])
    assert 3 not in model.score(asked).items
    assert {1, 2} <= set(model.score(asked).items.tolist())


def test_in_the_middle_of_a_visit_what_comes_next_is_right() -> None:
    found = of_the_past(plan_visits=True)
    assert len(found) > 100
    for asked, took, _ in found:
        assert len(took.items) == 1
        if len(asked) and asked.now - asked.times[-1] == 60:  # the next product of the ring
            assert took.items[0] == asked.items[-1] // RING * RING + (asked.items[-1] + 1) % RING


def test_at_a_cut_all_that_is_taken_in_the_days_after_it_is_right() -> None:
    found = of_the_past(plan_visits=False)
    assert {len(took.items) for _, took, _ in found} >= {PAGES}
    assert min(len(took.items) for _, took, _ in found) >= 3


def test_on_a_page_the_ranker_is_no_worse_than_the_source_it_reads() -> None:
    """Where visits are after one thing each, what was viewed last says what comes next, and the week says little."""
    data = visits()
    late = data.times >= int(data.times[-1]) + 1 - 5 * DAY
    past = data.take(~late)
    model, knn = Hybrid.fit(past, PARAMS, 1), ItemKnn.fit(past, ItemKnnParams(), 1)
    plan = ListPlan(cuts=1, days=5.0, step=5.0, most=500, visits=True, repeats=True)
    cut = int(data.times[-1]) + 1 - 5 * DAY
    found = [one for one in questions(data, (cut, cut), plan, np.random.default_rng(2), 500) if len(one.asked)]
    hits = {"hybrid": 0, "knn": 0}
    for asked, took, _ in found:
        page = from_page(asked)
        if page.page.any():
            own, other = model.score(page), knn.score_many(faded(ManyAsked.of((page,)), knn)).one(0)
            hits["hybrid"] += int(own.items[np.argmax(own.scores)] == took.items[0])
            rest = other.items != page.items[-1]
            hits["knn"] += int(other.items[rest][np.argmax(other.scores[rest])] == took.items[0])
    assert hits["knn"] > 100
    assert hits["hybrid"] >= hits["knn"]


def test_a_bundle_that_is_older_than_a_feature_reads_what_it_was_taught() -> None:
    data = visits()
    model = Hybrid.fit(data, PARAMS, 1)
    kept = [place for place, name in enumerate(model.columns) if not name.startswith("behaviour.page")]
    ranker = model.ranker
    assert ranker is not None
    older = replace(ranker, weights=ranker.weights[:, kept], trees=NO_TREES, gains=ranker.gains[kept])
    columns = tuple(model.columns[place] for place in kept)
    unread = ranker.weights.copy()
    unread[:, [place for place in range(len(model.columns)) if place not in kept]] = 0.0
    same = replace(ranker, weights=unread, trees=NO_TREES)
    asked = asked_of([1, 2, 3], ["view"] * 3, [180, 120, 60])
    old = Hybrid(model.known, {SHARED: replace(older, stranger=columns.index("behaviour.entries"))}, columns, PARAMS)
    np.testing.assert_allclose(
        old.score(asked).scores, Hybrid(model.known, {SHARED: same}, model.columns, PARAMS).score(asked).scores
    )
