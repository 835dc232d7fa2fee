"""What a switch itself brings is seen by the days since a switch."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.experiments.switchback import Array, SwitchbackDesign, drawn
from shopkeeper.experiments.switchback_carry_over import since_switch

NAMES = tuple(f"c{place}" for place in range(6))


def design(washout: int = 0) -> SwitchbackDesign:
    return drawn(NAMES, 32, 1, period_days=4, washout_days=washout, apart=1)


def values(lifts: list[float], noise: float = 0.0) -> Array:
    """Return sales of 100 a day and cluster, lifted by so much on each day since a switch where treated."""
    lift = np.tile(lifts, 8) * design().table()
    return np.asarray(100 * (1 + lift) * np.exp(np.random.default_rng(1).normal(0, noise, (6, 32))))


def test_an_effect_that_is_larger_after_a_switch_fades() -> None:
    found = since_switch(design(), values([0.3, 0.2, 0.0, 0.1], 0.01), np.ones(6), 0.05, "treatment")
    assert found.trend == "fades"
    assert found.settled == pytest.approx((0.0 + 0.1) / 2, abs=0.01)
    assert found.slope == pytest.approx(((0.0 + 0.1) - (0.3 + 0.2)) / 2 / (4 / 2), abs=0.01), "points a day"
    assert [one.relative for one in found.days] == pytest.approx([0.3, 0.2, 0.0, 0.1], abs=0.02)
    assert "take a longer washout" in found.words


def test_days_of_the_washout_are_shown_and_not_judged() -> None:
    found = since_switch(design(2), values([0.3, 0.3, 0.1, 0.1], 0.01), np.ones(6), 0.05, "treatment")
    assert (found.trend, len(found.days)) == ("no trend found", 4)
    assert found.settled == pytest.approx(0.1, abs=0.02)


def test_one_counted_day_tells_nothing() -> None:
    found = since_switch(design(3), values([0.3, 0.3, 0.1, 0.1]), np.ones(6), 0.05, "treatment")
    assert found.words == "treatment: whether the effect goes with the days since a switch cannot be said."


def test_an_effect_that_stays_is_seldom_said_to_move() -> None:
    rng, said = np.random.default_rng(2), 0
    for run in range(80):
        one = drawn(NAMES, 32, run, period_days=4, apart=1)
        sales = 100 * (1 + 0.1 * one.table()) * np.exp(rng.normal(0, 0.2, (6, 32)))
        said += since_switch(one, sales, np.ones(6), 0.1, "treatment").trend != "no trend found"
    assert said / 80 == pytest.approx(0.1, abs=3 * np.sqrt(0.1 * 0.9 / 80))
