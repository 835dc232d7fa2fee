"""Increments of the item-kNN, against a build of everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.models.increments import UNKNOWN, Increments
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams, fit_similarity
from shopkeeper.recommendations.models.neighbours import Neighbours

ITEMS, SHOPPERS = 12, 3
PARAMS = ItemKnnParams(
    window=3, gap_decay=0.8, gap_power=0.5, backward=0.7, had_power=0.6, with_power=0.4, shrink=2.0, neighbours=None
)
Row = tuple[int, int, int]
"""Shopper, item, second."""
rows = st.lists(st.tuples(st.integers(0, SHOPPERS - 1), st.integers(0, 4), st.integers(1, 30)), min_size=1, max_size=40)


def key(shopper: int) -> str:
    return f"\x1fuser\x1f{shopper}"


def interactions(told: list[Row]) -> Interactions:
    columns = np.array(sorted(told, key=lambda row: row[2]), dtype=np.int64).reshape(-1, 3).T
    count = len(told)
    return Interactions(
        shoppers=columns[0].astype(np.int32),
        items=columns[1].astype(np.int32),
        stores=np.zeros(count, dtype=np.int32),
        kinds=np.zeros(count, dtype=np.int8),
        times=columns[2] * SECOND,
        devices=np.zeros(count, dtype=np.int8),
        index=single_group([str(n) for n in range(ITEMS)]),
        categories=[()] * ITEMS,
        shopper_keys=[key(n) for n in range(SHOPPERS)],
        store_names=("shop",),
    )


def learnt(told: list[Row], params: ItemKnnParams = PARAMS) -> tuple[ItemKnn, Increments]:
    data = interactions(told)
    model = ItemKnn.fit(data, params, seed=1)
    assert model.counted is not None
    return model, Increments(params, model.counted.entries, model.counted.until, ShopperPasts.build(data).newest)


def dense(found: Neighbours) -> np.ndarray:
    return found.table().toarray().astype(np.float64)


def table_now(model: ItemKnn, increments: Increments) -> np.ndarray:
    grown = increments.grown()
    return dense(model.similar if grown is None else grown.whole(model.similar, None))


def built(told: list[Row], params: ItemKnnParams = PARAMS) -> np.ndarray:
    return dense(fit_similarity(interactions(told), params))


def parted(told: list[Row], share: float) -> tuple[list[Row], list[Row]]:
    """Return the rows up to a second, and those after it."""
    told = sorted(told, key=lambda row: row[2])
    border = told[int(share * (len(told) - 1))][2]
    return [row for row in told if row[2] <= border], [row for row in told if row[2] > border]


@settings(max_examples=25, deadline=None)
@given(rows, st.floats(0, 1))
def test_what_was_learnt_and_what_came_since_make_the_build_of_everything(told: list[Row], share: float) -> None:
    before, since = parted(told, share)
    model, increments = learnt(before)
    most = [increments.take(key(shopper), item, second) for shopper, item, second in since]
    np.testing.assert_allclose(table_now(model, increments), built(told), atol=1e-6)
    assert max(most, default=0) <= 4 * PARAMS.window


@settings(max_examples=25, deadline=None)
@given(rows, st.floats(0, 1), st.integers(1, 3))
def test_a_kept_row_is_off_by_its_weakest_neighbours_at_most(told: list[Row], share: float, kept: int) -> None:
    before, since = parted(told, share)
    few = replace(PARAMS, neighbours=kept)
    model, increments = learnt(before, few)
    for shopper, item, second in since:
        increments.take(key(shopper), item, second)
    found = table_now(model, increments)
    first, last = dense(model.similar), built(told, few)
    assert (found <= built(told) + 1e-6).all()
    for row in range(ITEMS):
        weakest = sum(float(table[row][table[row] > 0].min()) for table in (first, last) if table[row].any())
        assert (np.abs(found[row] - last[row]) <= weakest + 1e-6).all()


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(ITEMS)))
def test_late_events_come_to_their_place(order: list[int]) -> None:
    params = replace(PARAMS, window=6)
    told = [(0, n, 2 + n) for n in range(ITEMS)]
    model, increments = learnt([(1, 0, 1)], params)
    most = [increments.take(key(0), *told[n][1:]) for n in order]
    assert max(most) <= 2 * params.window * (params.window + 3)
    found = table_now(model, increments)
    np.testing.assert_allclose(found, built([(1, 0, 1), *told], params), atol=1e-6)


def test_what_the_table_holds_already_and_products_nobody_met_change_nothing() -> None:
    _, increments = learnt([(0, 1, 5), (0, 2, 9)])
    assert increments.take(key(0), 3, 9) == 0
    assert increments.take(key(0), UNKNOWN, 10) == 0
    assert increments.take(key(0), 3, 11) == 4  # with 1 and 2, three entries before it at most


def test_a_product_met_again_takes_its_pairs_along() -> None:
    """Within one second two products have no order; met again later, one follows the other."""
    model, increments = learnt([(1, 5, 1)])
    increments.take(key(0), 1, 2)
    increments.take(key(0), 2, 2)
    increments.take(key(0), 2, 3)
    found = table_now(model, increments)
    assert found[1, 2] == pytest.approx(1 / (1 + 2.0))
    assert found[2, 1] == pytest.approx(0.7 / (1 + 2.0))


def test_what_is_held_is_bounded() -> None:
    data = interactions([(0, 0, 1)])
    params = replace(PARAMS, neighbours=2)
    increments = Increments(params, np.zeros(ITEMS, dtype=np.int64), 1, ShopperPasts.build(data).newest, 2, 8)
    for shopper in range(4):
        for item in range(ITEMS):
            increments.take(key(shopper), item, 2 + item)
    grown = increments.grown()
    assert grown is not None
    assert 0 < len(grown.keys) <= 8
    increments.take(key(0), 5, 90)  # a shopper whose entries were let go has those of the bundle: one
    assert increments.take(key(0), 6, 91) == 4


def test_who_is_forgotten_begins_again() -> None:
    _, increments = learnt([(1, 0, 1)])
    increments.take(key(0), 1, 2)
    increments.forget(key(0))
    assert increments.take(key(0), 2, 3) == 0


def test_answers_and_reasons_see_what_came_since_and_a_bundle_does_not_hold_it() -> None:
    model, increments = learnt([(0, 1, 1), (1, 1, 1), (1, 2, 1)])
    before = model.arrays()
    increments.take(key(0), 3, 2)
    many = ManyAsked.of((asked([1]), asked([1, 3]), asked([4])))
    assert 3 not in model.score_many(many).one(0).items
    model.grown = increments.grown()
    for question in (asked([1]), asked([1, 3]), asked([4])):
        scored = model.score(question)
        parts = model.explain(scored.items, question)
        np.testing.assert_allclose(parts.sum(axis=1), scored.scores)
    assert {2, 3} == set(model.score(asked([1])).items.tolist())
    for name, array in before.items():
        np.testing.assert_array_equal(model.arrays()[name], array)
    again = ItemKnn.from_arrays(model.index, before)
    assert again.counted is not None
    assert again.counted.until == 1


def asked(items: list[int]) -> Asked:
    """Return the question of a shopper who did nothing but look at some products."""
    none = np.zeros(len(items), dtype=np.int64)
    return Asked("shop", 100, np.array(items), np.ones(len(items)), none.astype(np.int8), none, none.astype(np.bool_))
