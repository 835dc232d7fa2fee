"""The order-aware similarity, against a second program that follows the formula entry by entry."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions, Sequences, sequences
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.models import co_occurrence
from shopkeeper.recommendations.models.co_occurrence import similarity
from shopkeeper.recommendations.models.neighbours import Neighbours

ITEMS = 7
Basket = list[int]


def seen(shoppers: list[list[Basket]]) -> Sequences:
    """Return sequences of shoppers whose baskets lie a second apart."""
    rows = [
        (shopper, item, moment)
        for shopper, baskets in enumerate(shoppers)
        for moment, basket in enumerate(baskets)
        for item in basket
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    count = len(rows)
    return sequences(
        Interactions(
            shoppers=columns[0].astype(np.int32),
            items=columns[1].astype(np.int32),
            stores=np.zeros(count, dtype=np.int32),
            kinds=np.zeros(count, dtype=np.int8),
            times=columns[2] * SECOND,
            devices=np.zeros(count, dtype=np.int8),
            index=single_group([str(n) for n in range(ITEMS)]),
            categories=[()] * ITEMS,
            shopper_keys=[str(n) for n in range(len(shoppers))],
            store_names=("shop",),
        )
    )


def build(entries: Sequences, neighbours: int | None = None, window: int = 8) -> Neighbours:
    return similarity(
        entries, ITEMS, window=window, gap_decay=0.8, gap_power=0.5, backward=0.7, had_power=0.6, with_power=0.4,
        shrink=20.0, neighbours=neighbours,
    )  # fmt: skip


def dense(found: Neighbours) -> np.ndarray:
    table = np.zeros((ITEMS, ITEMS))
    for item in range(ITEMS):
        row = slice(found.starts[item], found.starts[item + 1])
        table[item, found.items[row]] = found.scores[row]
    return table


def by_hand(shoppers: list[list[Basket]], window: int = 8) -> np.ndarray:
    """Follow the formula with dictionaries: collapse runs, then walk every pair."""
    counts: defaultdict[int, int] = defaultdict(int)
    pairs: defaultdict[tuple[int, int], float] = defaultdict(float)
    for baskets in shoppers:
        entries: list[tuple[int, int]] = []
        for moment, basket in enumerate(baskets):
            for item in basket:
                if entries and entries[-1][0] == item:
                    entries.pop()
                entries.append((item, moment))
        moments = sorted({moment for _, moment in entries})
        for place, (item, moment) in enumerate(entries):
            counts[item] += 1
            for other, later in entries[place + 1 : place + 1 + window]:
                if other == item:
                    continue
                gap = moments.index(later) - moments.index(moment)
                pairs[item, other] += 1.0 if gap == 0 else 0.8 ** (gap - 1) / np.sqrt(gap)
                pairs[other, item] += 1.0 if gap == 0 else 0.7 * 0.8 ** (gap - 1) / np.sqrt(gap)
    table = np.zeros((ITEMS, ITEMS))
    for (a, b), amount in pairs.items():
        table[a, b] = amount / (counts[a] ** 0.6 * counts[b] ** 0.4 + 20.0)
    return table


def test_a_pair_counts_more_along_its_order_than_against_it() -> None:
    table = dense(build(seen([[[0], [1], [2]]])))
    assert table[0, 1] == pytest.approx(1 / (1 + 20))
    assert table[1, 0] == pytest.approx(0.7 / (1 + 20))
    assert table[0, 2] == pytest.approx(0.8 / np.sqrt(2) / (1 + 20))
    assert table[2, 0] == pytest.approx(0.7 * 0.8 / np.sqrt(2) / (1 + 20))


def test_entries_further_apart_than_the_window_are_no_pair() -> None:
    table = dense(build(seen([[[0], [1], [2], [3]]]), window=2))
    assert table[0, 2] > 0
    assert table[0, 3] == 0


def test_a_basket_has_no_order() -> None:
    table = dense(build(seen([[[0, 1], [2]]])))
    assert table[0, 1] == table[1, 0] == pytest.approx(1 / (1 + 20))
    assert table[0, 2] == table[1, 2] == pytest.approx(1 / (1 + 20))


def test_frequent_products_are_no_better_neighbours_for_being_frequent() -> None:
    table = dense(build(seen([[[0], [1]], [[1]], [[1]], [[1]]])))
    assert table[0, 1] == pytest.approx(1 / (1**0.6 * 4**0.4 + 20))


def test_shoppers_are_not_joined_end_to_end() -> None:
    assert dense(build(seen([[[0]], [[1]]]))).sum() == 0


def test_no_sequences_no_neighbours() -> None:
    found = build(seen([]))
    assert found.starts.tolist() == [0] * (ITEMS + 1)
    assert len(found.items) == 0


baskets = st.lists(st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=4), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(baskets, min_size=1, max_size=6), st.integers(1, 8))
def test_it_is_the_formula(shoppers: list[list[Basket]], window: int) -> None:
    np.testing.assert_allclose(dense(build(seen(shoppers), window=window)), by_hand(shoppers, window), rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(baskets, min_size=1, max_size=6), st.integers(1, 4))
def test_the_strongest_neighbours_are_kept_and_nothing_else_changes(shoppers: list[list[Basket]], most: int) -> None:
    full, cut = dense(build(seen(shoppers))), dense(build(seen(shoppers), neighbours=most))
    for before, after in zip(full, cut, strict=True):
        order = np.lexsort((np.arange(ITEMS), -before))
        expected = np.zeros(ITEMS)
        kept = [place for place in order[:most] if before[place] > 0]
        expected[kept] = before[kept]
        np.testing.assert_array_equal(after, expected)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(5)
    shoppers = [[[int(item)] for item in draw.integers(0, ITEMS, 12)] for _ in range(40)]
    whole = build(seen(shoppers), neighbours=3)
    monkeypatch.setattr(co_occurrence, "PAIRS_PER_BLOCK", 16)
    parts = build(seen(shoppers), neighbours=3)
    for name in ("starts", "items", "scores"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
