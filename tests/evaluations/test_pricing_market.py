from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from shopkeeper.simulation.prices.rules import RuleBook
from shopkeeper.simulation.prices.takings import Takings

SCRIPT = Path(__file__).parents[2] / "evaluations" / "pricing_market.py"
AGREED = {"lift", "oracle_lift", "share_of_oracle", "margin_ok_share", "worst_decile_lift", "exploration_cost"}


@pytest.fixture(scope="module")
def evaluation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pricing_market", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["pricing_market"] = module
    spec.loader.exec_module(module)
    return module


def takings(revenue: float, margin: float = 0.3, explored: float = 0.0) -> Takings:
    """Return two weeks of one store; in the second the margin is three points lower."""
    earned = np.full((2, 1), revenue / 2)
    cost = earned * (1 - np.array([[margin], [margin - 0.03]]))
    none = np.zeros((2, 1))
    return Takings(earned, cost, none, np.array([explored, 0.0]), 0, np.full(2, 0.5), np.ones(2))


def met(evaluation: ModuleType, policy: float, control: str | None = None, **more: float) -> object:
    return evaluation.Met(
        evaluation.Case("a", 1, "mine", control),
        {
            "hold": takings(90),
            "baseline": takings(100),
            "oracle": takings(120),
            "mine": takings(policy, **more),
        },
        {} if control else {"stale_rivals": takings(80)},
        np.array([0.3]),
        RuleBook(),
        1.0,
    )


def test_the_agreed_figures_are_plain_numbers_at_the_top(evaluation: ModuleType) -> None:
    found = evaluation.summary([met(evaluation, 110)], "mine")
    assert all(isinstance(found[name], float) for name in AGREED)
    assert found["simulated"] is True


def test_the_share_is_the_sum_of_lifts_over_the_sum_of_the_oracles(evaluation: ModuleType) -> None:
    found = evaluation.figures([met(evaluation, 110), met(evaluation, 104)], "mine")
    assert found["lift"] == pytest.approx((0.10 + 0.04) / 2)
    assert found["oracle_lift"] == pytest.approx(0.20)
    assert found["share_of_oracle"] == pytest.approx((0.10 + 0.04) / (0.20 + 0.20))
    assert found["worst_decile_lift"] == pytest.approx(0.04 + 0.1 * (0.10 - 0.04))


def test_weeks_below_the_target_by_more_than_the_allowance_are_not_held(evaluation: ModuleType) -> None:
    found = evaluation.figures([met(evaluation, 110), met(evaluation, 110, margin=0.329)], "mine")
    assert found["margin_ok_share"] == pytest.approx((0.5 + 1.0) / 2), "27% is not held, 29.9% is"
    assert found["policies"]["hold"]["margin_ok_share"] == pytest.approx(0.5)


def test_exploring_is_a_share_of_what_was_taken(evaluation: ModuleType) -> None:
    assert evaluation.figures([met(evaluation, 110, explored=1.1)], "mine")["exploration_cost"] == pytest.approx(0.01)


def test_a_fault_shows_what_it_costs_and_the_lift_over_the_faulty_rules(evaluation: ModuleType) -> None:
    fault = evaluation.figures([met(evaluation, 110)], "mine")["faults"]["stale_rivals"]
    assert fault["revenue_lost"] == pytest.approx(0.20)
    assert fault["lift"] == pytest.approx(110 / 80 - 1)
    assert fault["oracle_lift"] == pytest.approx(120 / 80 - 1)


def test_intervals_are_over_worlds_and_one_world_has_none(evaluation: ModuleType) -> None:
    assert evaluation.interval(np.array([0.1])) is None
    found = evaluation.interval(np.array([0.1, 0.1, 0.1]))
    assert found == pytest.approx({"low": 0.1, "high": 0.1})
    wide = evaluation.interval(np.array([0.0, 0.2]))
    assert wide == pytest.approx({"low": 0.0, "high": 0.2})


def test_controls_are_told_apart(evaluation: ModuleType) -> None:
    found = evaluation.controls_of([met(evaluation, 101, "equal"), met(evaluation, 100, "still")], "mine")
    assert found["equal"]["lift"] == pytest.approx(0.01)
    assert found["still"]["changed"] == pytest.approx(0.5)
