"""What a plan needs follows from what it looks for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from scipy import stats

from shopkeeper.experiments.foreseen import foreseen
from shopkeeper.experiments.plan import Expected, Stopping
from shopkeeper.testing.experiment_store_suite import example_plan

EXPECTED = Expected(units_per_day=1_000, value=10.0, deviation=20.0)


def test_one_look_needs_what_the_normal_test_needs() -> None:
    plan = replace(example_plan(), stopping=Stopping(rule="fixed"))
    found = foreseen(plan, EXPECTED)
    reach = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    assert found.units_per_arm == pytest.approx(2 * 20.0**2 * (reach / (0.1 * 10.0)) ** 2, abs=1)
    assert found.looks_factor == pytest.approx(1.0)
    assert found.days == 14  # 12,559 units at 1,000 a day are 13 days: two whole weeks
    assert found.enough


def test_looks_cost_a_little_and_the_last_chance_is_the_power() -> None:
    found = foreseen(example_plan(), EXPECTED)
    assert 1.0 < found.looks_factor < 1.05
    assert found.chances[-1].chance == pytest.approx(0.8, abs=1e-6)
    assert [one.chance for one in found.chances] == sorted(one.chance for one in found.chances)


def test_the_time_before_exposure_saves_the_square_of_its_correlation() -> None:
    half = replace(EXPECTED, pre_correlation=0.5**0.5)
    assert foreseen(example_plan(), half).units_per_arm == pytest.approx(
        foreseen(example_plan(), EXPECTED).units_per_arm / 2, abs=1
    )


def test_a_plan_with_too_few_days_says_so() -> None:
    assert not foreseen(example_plan(), replace(EXPECTED, units_per_day=500)).enough
