"""What was taken from a place that is seldom looked at counts more when the ranker learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.rank_linear import learn_weights
from shopkeeper.recommendations.hybrid.rank_lists import InQuestion, RankLists, Rows, rank_lists
from shopkeeper.recommendations.hybrid.rank_questions import ListPlan
from shopkeeper.recommendations.hybrid.ranker import ndcg_of
from shopkeeper.testing.planted import planted_interactions

PLAN = ListPlan(cuts=2, days=20.0, step=10.0, most=200, visits=False, repeats=True)
COLUMNS = ("behaviour.entries", "behaviour.knn_of_best", "popularity.store_of_best")


def all_in_question(past: Interactions, cut: int) -> Rows:
    """Return what brings every product into question."""

    def rows(asked: Asked) -> InQuestion:
        items = np.arange(len(past.index))
        return items, np.zeros((len(items), 2), dtype=np.float32), np.zeros(len(items), dtype=np.bool_)

    return rows


def test_a_list_counts_each_product_by_where_it_was_come_by_first() -> None:
    data = planted_interactions()
    placed = replace(data, positions=(data.items % 9).astype(np.int16), position_exponent=1.0)
    lists = rank_lists(placed, all_in_question, PLAN, seed=1)
    assert lists is not None
    items = np.tile(np.arange(len(data.index)), len(lists.lengths))
    expected = np.where(lists.grades > 0, np.minimum(np.maximum(items % 9, 1), 5), 1)
    assert lists.place_weights.tolist() == expected.tolist()
    assert lists.gains([0.0, 1.0, 3.0, *[6.0] * 5]).tolist() == pytest.approx(
        (np.array([0.0, 1.0, 3.0, *[6.0] * 5])[lists.grades] * expected).tolist()
    )
    older = lists.of(lists.turns == 0)
    assert len(older.place_weights) == len(older.rows) == older.lengths.sum()
    assert len(older.among(older.grades > 0).place_weights) == (older.grades > 0).sum()


def test_where_nothing_is_known_of_looks_lists_are_as_they_were() -> None:
    data = planted_interactions()
    plain = rank_lists(data, all_in_question, PLAN, seed=1)
    placed = rank_lists(replace(data, positions=np.full(len(data), 7, dtype=np.int16)), all_in_question, PLAN, seed=1)
    assert plain is not None
    assert placed is not None
    assert not len(plain.place_weights)
    assert not len(placed.place_weights)
    assert placed.grades.tolist() == plain.grades.tolist()


def test_the_weighed_sum_and_the_judge_heed_what_is_seldom_looked_at() -> None:
    """Half of the lists take what column 1 marks, at the top; half what column 2 marks, from a place seldom seen."""
    count = 200
    rows = np.zeros((count * 2, 3), dtype=np.float32)
    rows[:, 0] = 1.0
    rows[0::2, 1], rows[1::2, 2] = 1.0, 1.0
    grades = np.tile([1, 0, 0, 1], count // 2).astype(np.int32)
    place_weights = np.tile([1.0, 1.0, 1.0, 4.0], count // 2).astype(np.float32)
    even = RankLists(
        rows, grades, grades, np.zeros(len(rows), dtype=np.bool_), np.full(count, 2), np.zeros(count, dtype=np.int32),
        np.zeros(count, dtype=np.int32),
    )  # fmt: skip
    worth = [0.0, 1.0]
    assert ndcg_of(rows[:, 1].astype(np.float64), replace(even, place_weights=place_weights), worth)[
        :2
    ].tolist() == pytest.approx([1.0, 1.0 / np.log2(3.0)])
    plain = learn_weights(even, COLUMNS, worth)[0]
    assert plain[1] == pytest.approx(plain[2], abs=1e-4)
    both = replace(even, grades=np.ones_like(grades), place_weights=np.tile([1.0, 4.0], count).astype(np.float32))
    weights = learn_weights(both, COLUMNS, worth)[0]
    assert weights[2] > weights[1] + 0.1
