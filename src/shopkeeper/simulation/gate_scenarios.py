"""The simulated tests the gate is judged by: what is true in each, and how much traffic it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shopkeeper.experiments.arms import Form, arm_of_figures
from shopkeeper.experiments.planner import Design, TestPlan, Traffic, plan_test
from shopkeeper.experiments.sizing import Baseline, planned_metrics
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective
from shopkeeper.simulation.live_tests import Rates, Scenario, Test, drawn, plan_of
from shopkeeper.simulation.shopper_sums import Crowd, Shoppers

TODAY: Final = Shoppers()
BETTER: Final = {"conversion": 0.05, "order_value": 0.03, "refund_chance": -0.2}
"""So much better that every guardrail of the shipped objective is proven early: what is left to decide is the KPI."""
FOUR_WEEKS: Final = 28
LARGE: Final = ((7, 45_000.0), (1_000, 150_000.0))
"""Steps of a store that has more than a million users in a test before the first look."""
PLANNED_ARRIVALS: Final = 130_000.0
"""New users a day of the planned test, such that whole weeks add hardly any to the users it needs."""


@dataclass(frozen=True, slots=True)
class Question:
    """One scenario and what it is asked.

    Attributes:
        scenario: From the objective and the seed of the crowd of shoppers.
        share: Of the runs asked for, as not every question needs as many.
    """

    scenario: Callable[[Objective, int], Scenario]
    share: float = 1.0


def no_difference(_: Objective, __: int) -> Scenario:
    """Both arms alike, 28 daily verdicts; the planned units are in after 26 days, so the last two are overrun."""
    return _planned_by(26, Scenario("aa", TODAY, TODAY, FOUR_WEEKS, 1))


def only_the_kpi_is_open(_: Objective, __: int) -> Scenario:
    """Clicks alike, all else far better: 28 daily looks at matured units, four of them after the planned end."""
    better = TODAY.changed(**BETTER)
    whole = Scenario("kpi", TODAY, better, FOUR_WEEKS + 14, 1, asked_from=15)
    return _planned_by(FOUR_WEEKS + 10, whole)


def at_every_limit(_: Objective, __: int) -> Scenario:
    """Everything exactly where harm begins and not beyond: the most alarms that are still false."""
    edge = TODAY.changed(refund_chance=0.05)
    rates = Rates(errors=0.005, fallbacks=0.05, slow=0.02, too_slow=0.01)
    return _planned_by(26, Scenario("edge", TODAY, edge, FOUR_WEEKS, 1, rates=rates))


def fewer_buy(_: Objective, __: int) -> Scenario:
    """5% fewer of the 3% who buy; 20,000 users an arm a day from the first day on."""
    steps = ((7, 20_000.0), (1_000, 20_000.0))
    worse = TODAY.changed(conversion=-0.05)
    return _planned_by(26, Scenario("harm", TODAY, worse, FOUR_WEEKS, 1, steps=steps))


def fewer_buy_on_the_ramp(objective: Objective, seed: int) -> Scenario:
    """The same with 6,000 an arm a day in the first week, as 15% of the traffic has that 50% has 20,000 of."""
    whole = replace(fewer_buy(objective, seed), name="harm-ramp", steps=((7, 6_000.0), (1_000, 20_000.0)))
    return _planned_by(26, whole)


def planned_uplift(objective: Objective, seed: int) -> Scenario:
    """Exactly the uplift the objective plans for, nothing else changed, in a test of the planner's size."""
    plan = plan_for(objective, seed)
    outside = PLANNED_ARRIVALS * (1 - Traffic((1.0,)).holdout)
    raised = TODAY.changed(click_rate=objective.primary.minimum_uplift)
    return Scenario(
        "uplift", TODAY, raised, plan.days, plan.units_per_arm, steps=((7, 0.15 * outside), (1_000, 0.5 * outside))
    )


def lost_units(_: Objective, __: int) -> Scenario:
    """A true gain everywhere, but 50.5% of the units in one arm; more than a million users before the first look."""
    return _planned_by(26, _lossy("srm", LARGE))


def lost_units_in_a_small_store(_: Objective, __: int) -> Scenario:
    """The same with 400,000 users at the first look, where such a loss is not yet sure to be seen."""
    return _planned_by(26, _lossy("srm-small", ((7, 6_000.0), (1_000, 20_000.0))))


QUESTIONS: Final[Mapping[str, Question]] = {
    "aa": Question(no_difference),
    "kpi": Question(only_the_kpi_is_open, 0.5),
    "edge": Question(at_every_limit, 0.1),
    "harm": Question(fewer_buy),
    "harm-ramp": Question(fewer_buy_on_the_ramp, 0.1),
    "uplift": Question(planned_uplift),
    "srm": Question(lost_units, 0.1),
    "srm-small": Question(lost_units_in_a_small_store, 0.1),
}


def _lossy(name: str, steps: tuple[tuple[int, float], tuple[int, float]]) -> Scenario:
    gain = TODAY.changed(click_rate=0.15, **BETTER)
    return Scenario(name, TODAY, gain, FOUR_WEEKS, 1, steps=steps, lost=0.01)


def _planned_by(day: int, scenario: Scenario) -> Scenario:
    """Return a scenario whose planned units have matured at the end of a day."""
    return replace(scenario, planned=round(scenario.matured_by(day)))


def plan_for(objective: Objective, seed: int) -> TestPlan:
    """Return the planner's test for a crowd of today's shoppers, by what they did before.

    Two crowds of this size differ by a sixth in the variance of refunds, so a plan holds for the crowd it was made for.
    """
    wanted = planned_metrics(objective, baselines(objective, seed))
    return plan_test(wanted, Traffic((PLANNED_ARRIVALS,), maturation_days=14), Design())


def baselines(objective: Objective, seed: int) -> dict[str, Baseline]:
    """Return the mean and variance of each metric of users that an objective has, from three million of today's."""
    crowd = Crowd.of(TODAY, seed)
    scenario = Scenario("past", TODAY, TODAY, 16, 1, steps=((1, 1_500_000.0), (1, 1_500_000.0)))
    test = Test.of(drawn(scenario, (crowd, crowd), 1, np.random.default_rng(seed)), 0)
    last = test.evidence(objective, plan_of(scenario, objective), scenario.days, "ramp", 0).epochs[-1]
    found: dict[str, Baseline] = {}
    for part in last.matured:
        form: Form = "ratio" if CATALOGUE[part.metric].form == "ratio" else "mean"
        arm = part.control
        found[part.metric] = Baseline.of(arm_of_figures(form, arm.n, arm.totals, arm.products))
    return found
