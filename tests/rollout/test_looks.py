"""Looks: alpha is spent once, whatever minute somebody asks and however late the last units come."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.rollout.cases import evidence

from shopkeeper.experiments.group_sequential import boundaries, crossing
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.looks import SPENDING, look_now
from shopkeeper.rollout.verdict import decide
from shopkeeper.wiring.objectives import example_objective

OBJECTIVE: Objective = read_objective(example_objective("recommendations"), "recommendations.yaml")
PRIMARY = OBJECTIVE.primary.metric
PLANNED = 50_000
WON = {PRIMARY: 0.2}


def primary(verdict: Verdict) -> dict[str, float]:
    return next(one.figures for one in verdict.findings if one.check == f"primary: {PRIMARY}")


def words(verdict: Verdict) -> str:
    return next(one.words for one in verdict.findings if one.check == f"primary: {PRIMARY}")


def test_a_look_has_the_boundary_of_its_place_among_the_looks() -> None:
    found = look_now(evidence(OBJECTIVE, looks=(0.2, 0.5)), round(0.8 * PLANNED))
    assert found.critical == boundaries((0.2, 0.5, 0.8), 0.025, SPENDING)[-1]


def test_the_same_units_again_are_the_same_look() -> None:
    first = look_now(evidence(OBJECTIVE, looks=(0.2,)), round(0.5 * PLANNED))
    again = look_now(evidence(OBJECTIVE, looks=(0.2, 0.5)), round(0.5 * PLANNED))
    assert (first.critical, first.closed) == (again.critical, again.closed)


def test_a_few_units_more_are_no_look() -> None:
    few = look_now(evidence(OBJECTIVE, looks=(0.2, 0.5)), round(0.5 * PLANNED) + 10)
    assert few.critical == math.inf
    assert few.closed == "The next look is at 51% of the planned units."


@pytest.mark.parametrize("looks", [(), (0.002,)])
def test_without_a_percent_of_the_planned_units_there_is_no_look(looks: tuple[float, ...]) -> None:
    assert look_now(evidence(OBJECTIVE, looks=looks), 0).closed == "The next look is at 1% of the planned units."
    assert look_now(evidence(OBJECTIVE, looks=looks), 100).closed == "The next look is at 1% of the planned units."


def test_units_taken_away_after_a_look_give_no_second_one() -> None:
    assert look_now(evidence(OBJECTIVE, looks=(0.2, 0.5)), round(0.3 * PLANNED)).closed


def test_a_late_last_look_has_the_alpha_that_is_left_at_the_share_there_is() -> None:
    late = look_now(evidence(OBJECTIVE, looks=(0.5, 0.9)), round(1.3 * PLANNED))
    assert late.critical == boundaries((0.5, 0.9, 1.3), 0.025, SPENDING)[-1]
    critical = boundaries((0.5, 0.9, 1.3), 0.025, SPENDING).tolist()
    spent = crossing((0.5, 0.9, 1.3), critical).upper.sum()
    assert spent == pytest.approx(0.025, abs=1e-5)


def test_after_the_last_look_nothing_wins_however_good_it_is() -> None:
    late = evidence(OBJECTIVE, n=2 * PLANNED, lifts={PRIMARY: 5.0}, looks=(0.5, 1.0))
    verdict = decide(OBJECTIVE, late)
    assert verdict.word == "hold"
    assert words(verdict).startswith("The test ended at its last look, at 100% of the planned units")
    assert "start a new test" in words(verdict)
    assert verdict.days_needed is None
    assert "fraction" not in primary(verdict)


def test_the_last_look_itself_can_be_asked_for_again() -> None:
    final = evidence(OBJECTIVE, n=PLANNED, lifts=WON, looks=(0.5, 1.0))
    assert decide(OBJECTIVE, final).word == "promote"


def test_while_nothing_may_move_no_look_is_spent() -> None:
    frozen = decide(OBJECTIVE, evidence(OBJECTIVE, n=PLANNED, lifts=WON, freeze="sale until Monday"))
    assert "fraction" not in primary(frozen)
    assert primary(frozen)["matured_share"] == 1.0
    assert primary(decide(OBJECTIVE, evidence(OBJECTIVE, n=PLANNED, lifts=WON)))["fraction"] == 1.0


def test_looking_daily_and_on_after_the_end_wins_by_chance_no_oftener_than_alpha() -> None:
    rng = np.random.default_rng(7)
    steps, runs = 40, 20_000
    shares = np.arange(1, steps + 1) / 28  # the test is planned for 28 looks; people go on looking
    walks = rng.standard_normal((runs, steps)).cumsum(axis=1) / np.sqrt(np.arange(1, steps + 1))
    looks: list[float] = []
    won = np.zeros(runs, dtype=bool)
    for step, share in enumerate(shares):
        look = look_now(evidence(OBJECTIVE, looks=tuple(looks)), round(share * PLANNED))
        won |= walks[:, step] > look.critical
        if not look.closed:
            looks.append(look.share)
    assert len(looks) == 28
    assert won.mean() < 0.025 + 3 * math.sqrt(0.025 * 0.975 / runs)
    assert won.mean() > 0.02
