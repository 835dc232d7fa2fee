"""Distances are 0 for equal distributions, symmetric where they say so, and blind to what must not matter."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from shopkeeper.monitoring import distances
from shopkeeper.monitoring.histogram import Histogram, counts_between, on_common_bins, quantile_edges

COUNTS = some.lists(some.integers(0, 1_000), min_size=2, max_size=12).filter(lambda held: sum(held) > 0)
PAIRS = some.integers(2, 12).flatmap(
    lambda n: some.tuples(*[some.lists(some.integers(0, 1_000), min_size=n, max_size=n).filter(any) for _ in "ab"])
)
SYMMETRIC: list[Callable[..., float]] = [
    distances.psi,
    distances.jensen_shannon,
    distances.hellinger,
    distances.bhattacharyya,
    distances.total_variation,
    distances.l_infinity,
    distances.ks_distance,
]
UNORDERED = [one for one in SYMMETRIC if one is not distances.ks_distance]
BOUNDED = [one for one in SYMMETRIC if one is not distances.psi]


@pytest.mark.parametrize("distance", [*SYMMETRIC, distances.kullback_leibler])
@given(counts=COUNTS, times=some.integers(1, 9))
def test_the_same_shares_are_no_distance_apart(distance: Callable[..., float], counts: list[int], times: int) -> None:
    assert distance(counts, [count * times for count in counts]) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("distance", SYMMETRIC)
@given(pair=PAIRS)
def test_a_distance_is_the_same_from_both_sides(
    distance: Callable[..., float], pair: tuple[list[int], list[int]]
) -> None:
    one, other = pair
    assert distance(one, other) == pytest.approx(distance(other, one), abs=1e-12)
    assert distance(one, other) >= 0


@pytest.mark.parametrize("distance", UNORDERED)
@given(pair=PAIRS, seed=some.integers(0, 99))
def test_the_order_of_categories_does_not_matter(
    distance: Callable[..., float], pair: tuple[list[int], list[int]], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(pair[0]))
    one, other = (np.array(side) for side in pair)
    assert distance(one[order], other[order]) == pytest.approx(distance(one, other), abs=1e-9)


@pytest.mark.parametrize("distance", BOUNDED)
def test_what_has_nothing_in_common_is_one_apart(distance: Callable[..., float]) -> None:
    assert distance([5, 3, 0, 0], [0, 0, 1, 9]) == pytest.approx(1 if distance is not distances.l_infinity else 0.9)


def test_a_psi_of_a_total_change_is_that_of_its_floor() -> None:
    floor = 1e-4
    assert distances.psi([1, 0], [0, 1], floor) == pytest.approx(2 * (1 - floor) * math.log(1 / floor))


def test_a_divergence_from_a_bin_that_emptied_is_infinite() -> None:
    assert distances.kullback_leibler([1, 1], [1, 0]) == math.inf
    assert distances.kullback_leibler([1, 3], [1, 1]) == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))


@given(pair=PAIRS, shift=some.floats(-1e3, 1e3), scale=some.floats(0.01, 1e3))
def test_mass_moved_is_measured_in_the_unit_of_the_places(
    pair: tuple[list[int], list[int]], shift: float, scale: float
) -> None:
    places = np.arange(len(pair[0]), dtype=np.float64)
    moved = distances.wasserstein(places, *pair)
    assert distances.wasserstein(shift + scale * places, *pair) == pytest.approx(scale * moved, rel=1e-6, abs=1e-6)


def test_moving_everything_by_two_places_is_two() -> None:
    assert distances.wasserstein([0, 1, 2], [1, 0, 0], [0, 0, 1]) == 2


@given(some.lists(some.floats(-1e6, 1e6), min_size=1, max_size=200), some.integers(1, 20))
def test_every_value_lies_in_a_bin_and_bins_are_filled_about_equally(values: list[float], bins: int) -> None:
    edges = quantile_edges(values, bins)
    counts = counts_between(edges, values)
    assert counts.sum() == len(values)
    assert len(counts) <= bins
    assert counts_between(edges, [-1e9, 1e9]).sum() == 2


def test_values_that_repeat_share_a_bin_and_bins_get_fewer() -> None:
    values = [0.0] * 70 + list(range(1, 31))
    edges = quantile_edges(values, 10)
    assert edges[0] == 0
    assert counts_between(edges, values)[0] == 70


def test_bins_with_other_edges_are_compared_where_they_overlap() -> None:
    one = Histogram(np.array([0.0, 2.0]), np.array([2.0, 4.0]), np.array([4.0, 2.0]))
    other = Histogram(np.array([1.0]), np.array([3.0]), np.array([8.0]))
    ours, theirs = on_common_bins(one, other)
    assert ours.tolist() == [2, 2, 1, 1]
    assert theirs.tolist() == [0, 4, 4, 0]


def test_a_bin_without_width_keeps_its_count() -> None:
    point = Histogram(np.array([1.0]), np.array([1.0]), np.array([3.0]))
    wide = Histogram(np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    ours, theirs = on_common_bins(point, wide)
    assert ours.tolist() == [0, 3]
    assert theirs.tolist() == [1, 1]
    assert [counts.tolist() for counts in on_common_bins(point, point)] == [[3], [3]]
