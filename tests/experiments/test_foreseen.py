"""What a plan needs follows from what it looks for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from scipy import stats

from shopkeeper.experiments.foreseen import foreseen
from shopkeeper.experiments.plan import Expected, Stopping
from shopkeeper.testing.experiment_store_suite import example_plan

EXPECTED = Expected(units_per_day=3_000, value=10.0, deviation=20.0)


def test_one_look_needs_what_the_normal_test_needs() -> None:
    plan = replace(example_plan(), stopping=Stopping(rule="fixed"))
    found = foreseen(plan, EXPECTED)
    reach = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    spread = (20.0 / 10.0) ** 2 * (1 + 1.1**2)  # delta method, the treatment 10% higher
    assert found.units_per_arm == pytest.approx(spread * (reach / 0.1) ** 2, abs=1)
    assert found.looks_factor == pytest.approx(1.0)
    assert found.days == 7  # 6,939 units at 1,485 a day are 5 days: one whole week
    assert found.enough


def test_looks_cost_a_little_and_the_chance_to_have_won_grows_with_the_days() -> None:
    found = foreseen(example_plan(), EXPECTED)
    assert 1.0 < found.looks_factor < 1.1
    assert found.chances[-1].planned >= 0.8
    assert [one.planned for one in found.chances] == sorted(one.planned for one in found.chances)
    last = found.chances[-1]
    assert last.none <= 0.03 < last.half < last.planned


def test_the_time_before_exposure_saves_the_square_of_its_correlation() -> None:
    plan = replace(example_plan(), stopping=Stopping(rule="fixed"))
    half = replace(EXPECTED, pre_correlation=0.5**0.5)
    assert foreseen(plan, half).units_per_arm == pytest.approx(foreseen(plan, EXPECTED).units_per_arm / 2, abs=1)


def test_arms_share_alpha_and_a_part_of_the_layer_takes_longer() -> None:
    plan = replace(example_plan(), stopping=Stopping(rule="fixed"))
    narrow = replace(plan, layer="ranking", layer_to=0.25)
    assert foreseen(narrow, EXPECTED).days > foreseen(plan, EXPECTED).days
    assert foreseen(narrow, EXPECTED).units_per_arm == foreseen(plan, EXPECTED).units_per_arm


def test_a_plan_with_too_few_days_says_so() -> None:
    assert not foreseen(example_plan(), replace(EXPECTED, units_per_day=500)).enough
