"""The effect of a switchback: adjusted by levels of before, and never surer than the coins are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shopkeeper.experiments.switchback import Array, SwitchbackDesign, drawn
from shopkeeper.experiments.switchback_effect import estimated, estimated_share, first_blocks, levelled

NAMES = tuple(f"c{place}" for place in range(4))


def design(days: int = 16) -> SwitchbackDesign:
    return drawn(NAMES, days, 1, period_days=1, washout_days=0, apart=1)


def test_both_clusters_of_a_pair_are_brought_to_the_mean_of_their_levels_before() -> None:
    found = levelled([[30.0], [10.0], [8.0], [5.0], [7.0]], [30.0, 10.0, 4.0, 0.0, 9.0])
    assert found[:, 0].tolist() == [30 * 20 / 30, 10 * 20 / 10, 8.0, 5.0, 7.0]


def test_what_moves_all_clusters_alike_is_no_noise_once_they_are_level() -> None:
    weather = np.random.default_rng(1).uniform(0.5, 1.5, 16)
    size = np.array([40.0, 20.0, 10.0, 5.0])
    arms = design().table()
    values = size[:, None] * weather * (1 + 0.1 * arms)
    found = estimated(design(), values, size * 100, 0.05)
    assert found.adjusted.fixed.low == pytest.approx(0.1)
    assert found.adjusted.fixed.high == pytest.approx(0.1)
    assert found.adjusted.variance_left < 1
    assert found.unadjusted.error > 0.01


def test_the_error_says_no_more_than_the_longer_side_of_the_interval() -> None:
    values = np.random.default_rng(2).uniform(5, 15, (4, 16)) * (1 + 0.1 * design().table())
    found = estimated(design(), values, np.ones(4), 0.05).unadjusted
    assert found.fixed.low is not None
    assert found.fixed.high is not None
    longer = max(found.relative - found.fixed.low, found.fixed.high - found.relative)
    assert found.error == pytest.approx(longer / 1.959964, rel=1e-6)
    assert found.n == 4 * 16, "four cells a tile, one cell a day and cluster"


def test_an_effect_on_a_ratio_is_that_of_the_sums() -> None:
    arms = design().table()
    revenue = np.full((4, 16), 100.0)
    margin = np.where(arms, 33.0, 30.0)
    found = estimated_share(design(), margin, revenue, 0.05)
    assert found.control == pytest.approx(30 / 100)
    assert found.value == pytest.approx(33 / 100)
    assert found.relative == pytest.approx(33 / 30 - 1)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_the_error_of_a_ratio_is_that_of_its_linearised_differences_between_tiles() -> None:
    rng = np.random.default_rng(3)
    revenue = rng.uniform(80, 120, (4, 16))
    margin = revenue * rng.uniform(0.25, 0.35, (4, 16))
    found = estimated_share(design(), margin, revenue, 0.05)
    arms = design().table()

    def sums(values: Array, treated: bool) -> Array:
        return np.asarray(np.where(arms == treated, values, 0.0).reshape(2, 2, 8, 2).sum(axis=(1, 3)).ravel())

    top = [sums(margin, arm) for arm in (True, False)]
    low = [sums(revenue, arm) for arm in (True, False)]
    rate = [a.sum() / b.sum() for a, b in zip(top, low, strict=True)]
    pull = [(a - r * b) / a.sum() for a, b, r in zip(top, low, rate, strict=True)]
    expected = rate[0] / rate[1] * math.sqrt(float(((pull[0] - pull[1]) ** 2).sum()) * 16 / 15)
    reach = found.fixed.high - found.relative if found.fixed.high is not None else 0.0
    assert reach == pytest.approx(2.131449546 * expected, rel=1e-6), "t of 15"


def test_too_few_tiles_say_so() -> None:
    small = drawn(NAMES[:2], 4, 1, period_days=1, apart=1)
    found = estimated(small, np.ones((2, 4)), np.ones(2), 0.05)
    assert found.adjusted.reason == "2 tiles are too few for an interval"


def test_the_first_blocks_of_a_design_are_its_first_days() -> None:
    whole = design()
    part = first_blocks(whole, 3)
    assert part.days == 3 * 2
    assert (part.table() == whole.table()[:, :6]).all()


def test_intervals_of_levelled_clusters_hold_the_truth() -> None:
    hits, runs, weather = 0, 200, np.random.default_rng(5)
    size = np.array([40.0, 25.0, 10.0, 5.0])
    for run in range(runs):
        one = drawn(NAMES, 16, run, period_days=1, apart=1)
        luck = np.exp(weather.normal(0, 0.2, 16) + weather.normal(0, 0.1, (4, 16)))
        values = size[:, None] * luck * (1 + 0.05 * one.table())
        found = estimated(one, values, size, 0.1).adjusted
        hits += (
            found.fixed.low is not None
            and found.fixed.high is not None
            and (found.fixed.low <= 0.05 <= found.fixed.high)
        )
    assert hits / runs == pytest.approx(0.9, abs=3 * math.sqrt(0.9 * 0.1 / runs))
