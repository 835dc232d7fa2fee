"""Simulated live tests through the real gate: what it did with each, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from msgspec.structs import replace

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Plan, Stage
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.verdict import decide
from shopkeeper.simulation.live_tests import Scenario, Test, drawn, plan_of
from shopkeeper.simulation.shopper_sums import Crowd

End = Literal["promoted", "rolled back", "held"]
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Walked:
    """What the gate did with one test.

    Attributes:
        day: Of the promotion or the rollback, or the last one.
        by: Criteria that broke.
        crossed: The KPI was beyond its boundary at some look, whatever the guardrails said.
        invalid: Some verdict was.
        verdicts: Verdicts asked for.
    """

    end: End
    day: int
    by: tuple[str, ...] = ()
    crossed: bool = False
    invalid: bool = False
    verdicts: int = 0


@dataclass(slots=True)
class Outcomes:
    """What the gate did with many tests."""

    tests: int = 0
    promoted: int = 0
    rolled_back: int = 0
    crossed: int = 0
    invalid: int = 0
    verdicts: int = 0
    days: Counter[int] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)

    def add(self, one: Walked) -> None:
        """Count one test."""
        self.tests += 1
        self.promoted += one.end == "promoted"
        self.rolled_back += one.end == "rolled back"
        self.crossed += one.crossed
        self.invalid += one.invalid
        self.verdicts += one.verdicts
        self.by.update(one.by)
        if one.end != "held":
            self.days[one.day] += 1

    def merged(self, other: Outcomes) -> Outcomes:
        """Return both together."""
        names = ("tests", "promoted", "rolled_back", "crossed", "invalid", "verdicts", "days", "by")
        return Outcomes(*(getattr(self, name) + getattr(other, name) for name in names))


def walk_tests(
    scenario: Scenario, objective: Objective, crowds: Sequence[Crowd], tests: int, seed: Sequence[int]
) -> Outcomes:
    """Draw tests and let each go up the ramp, one verdict a day, until it is promoted, rolled back or out of days."""
    plan, found = plan_of(scenario, objective), Outcomes()
    made = drawn(scenario, crowds, tests, np.random.default_rng(seed))
    for place in range(tests):
        found.add(walk(scenario, objective, plan, Test.of(made, place)))
    return found


def walk(scenario: Scenario, objective: Objective, plan: Plan, test: Test) -> Walked:
    """Let one test go up the ramp.

    Traffic follows the calendar of the scenario; the stage follows the verdicts. A look is one that the gate took: its
    figure `fraction` is handed back to it on later days, as the state of a rollout does.
    """
    stage: Stage = "ab"
    since, looks, crossed, invalid, verdicts = 0, tuple[float, ...](), False, False, 0
    first = scenario.steps[0][0]
    for day in range(1, scenario.days + 1):
        if day < scenario.asked_from:
            if day == first:
                stage, since = "ramp", day
            continue
        evidence = replace(test.evidence(objective, plan, day, stage, since), looks=looks)
        verdict = decide(objective, evidence)
        verdicts += 1
        invalid = invalid or verdict.word == "invalid"
        if verdict.word == "rollback":
            broken = tuple(one.check for one in verdict.findings if one.outcome == "breaks")
            return Walked("rolled back", day, broken, crossed, invalid, verdicts)
        if stage == "ramp" and verdict.word != "invalid":
            won, share = _look(verdict)
            crossed = crossed or won
            looks = looks if share is None else (*looks, share)
            if verdict.word == "promote":
                return Walked("promoted", day, (), crossed, invalid, verdicts)
        if stage == "ab" and verdict.word == "promote":
            stage, since = "ramp", day
    return Walked("held", scenario.days, (), crossed, invalid, verdicts)


def _look(verdict: Verdict) -> tuple[bool, float | None]:
    """Return whether the KPI is beyond its boundary, and the share of the planned units if this was a look."""
    primary = next(one for one in verdict.findings if one.check.startswith("primary"))
    return primary.outcome == "passes", primary.figures.get("fraction")
