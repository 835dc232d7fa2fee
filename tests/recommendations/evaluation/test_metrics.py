"""Ranking metrics with one right product, values as their arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.recommendations.evaluation.metrics import (
    coverage,
    gini,
    hit_rate,
    list_diversity,
    mean_popularity,
    ndcg,
    novelty,
    of_ranks,
    reciprocal_rank,
)

RANKS = np.array([1.0, 3.0, 10.0, 10.5, 25.0])


def test_a_hit_is_a_rank_within_k() -> None:
    assert hit_rate(RANKS, 10).tolist() == [1, 1, 1, 0, 0]


def test_ndcg_is_one_over_the_log_of_rank_plus_one() -> None:
    assert ndcg(RANKS, 10) == pytest.approx([1 / np.log2(2), 1 / np.log2(4), 1 / np.log2(11), 0, 0])


def test_reciprocal_rank_stops_at_k() -> None:
    assert reciprocal_rank(RANKS, 20) == pytest.approx([1, 1 / 3, 1 / 10, 1 / 10.5, 0])


def test_coverage_counts_each_product_once() -> None:
    assert coverage(np.array([[1, 2], [2, 3]]), 6) == 3 / 6
    assert coverage(np.array([], dtype=np.int64), 0) == 0.0


def test_all_metrics_of_the_interface_are_there() -> None:
    assert list(of_ranks(RANKS)) == ["hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@20"]


def test_gini_is_0_where_all_products_are_shown_alike_and_near_1_where_one_has_all() -> None:
    assert gini(np.array([0, 1, 2, 3]), 4) == 0
    assert gini(np.array([2, 2, 2]), 4) == 1 - 1 / 4
    assert gini(np.array([0, 1, 1, 1]), 2) == pytest.approx((2 * 1 - 3) * 1 / (2 * 4) + (2 * 2 - 3) * 3 / (2 * 4))
    assert gini(np.array([], dtype=np.int64), 4) == 0


def test_mean_popularity_counts_past_interactions_of_what_is_shown() -> None:
    assert mean_popularity(np.array([0, 0, 2]), np.array([10, 5, 1])) == (10 + 10 + 1) / 3


def test_novelty_is_the_mean_of_inverse_user_frequencies_with_its_reference_values() -> None:
    """Three shoppers met product 1, one met product 2, nobody product 3, which counts as met by one."""
    met = np.array([0, 3, 1, 0])
    lists = [[3], [2, 3], [1, 2]]
    assert [novelty(np.array(one), met, 3) for one in lists] == pytest.approx([1.5849625, 1.5849625, 0.79248125])
    assert novelty(np.array([1, 2]), met, 3) == pytest.approx((np.log2(3 / 3) + np.log2(3 / 1)) / 2)
    assert novelty(np.array([], dtype=np.int64), met, 3) == 0.0


def test_list_diversity_is_the_mean_distance_of_all_pairs_with_its_reference_values() -> None:
    features = np.array([[0, 0], [0, 1], [1, 1], [0, 0], [-1, -1]])
    lists = np.array([[0, 1, 2], [0, 3, -1], [0, -1, -1]])
    assert list_diversity(features[lists]).tolist() == pytest.approx([(1 + 2 + 1) / 3, 0.0, 0.0])
