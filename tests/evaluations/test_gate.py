"""The gate in small: error rates of the whole shipped objective stay within generous bounds. All simulated."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from shopkeeper.simulation.gate_walk import Outcomes

SCRIPT = Path(__file__).parents[2] / "evaluations" / "gate.py"


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gate", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gate"] = module
    spec.loader.exec_module(module)
    return module


def walked(gate: ModuleType, part: str, tests: int) -> Outcomes:
    found: Outcomes = gate.some(part, tests, 1, 0)
    return found


def test_a_change_without_effect_is_seldom_promoted_or_taken_back(gate: ModuleType) -> None:
    found = walked(gate, "aa", 80)
    assert found.promoted == 0
    assert found.rolled_back <= 11, "5% of 80 are 4; more than 11 have a chance of 1 in 1,000"
    assert found.crossed <= 8, "2.5% of 80 are 2; more than 8 have a chance of 1 in 10,000"
    assert found.invalid <= 2


def test_harm_is_mostly_found_and_by_the_metric_that_is_harmed(gate: ModuleType) -> None:
    found = walked(gate, "harm", 40)
    assert found.rolled_back >= 26, "80% of 40 are 32; fewer than 26 have a chance of 1 in 100"
    assert found.by["rollback: conversion"] > found.by["rollback: ctr"]


def test_lost_units_are_never_promoted_though_the_gain_is_true(gate: ModuleType) -> None:
    found = walked(gate, "srm", 10)
    assert (found.promoted, found.invalid) == (0, 10)


def test_outcomes_of_chunks_add_up() -> None:
    one, other = Outcomes(tests=3, promoted=1), Outcomes(tests=2, rolled_back=2)
    one.days[5] += 1
    other.days[5] += 2
    both = one.merged(other)
    assert (both.tests, both.promoted, both.rolled_back, both.days[5]) == (5, 1, 2, 3)


def test_a_bar_that_must_not_be_exceeded_allows_two_standard_errors(gate: ModuleType) -> None:
    bar = gate.Bar("x", "", 0.0265, 20_000, "at most", (0.025,), 2 * (0.025 * 0.975 / 20_000) ** 0.5)
    assert bar.held
    assert not gate.Bar("x", "", 0.028, 20_000, "at most", (0.025,), bar.slack).held
    assert not gate.Bar("x", "", 0.79, 20_000, "at least", (0.8,)).held
    assert not gate.Bar("x", "", 0.98, 2_000, "between", (0.93, 0.97)).held


def test_cuped_leaves_what_theory_says(gate: ModuleType) -> None:
    assert all(bar.value == pytest.approx(1.0, abs=0.2) for bar in gate.cuped(400, 3))
