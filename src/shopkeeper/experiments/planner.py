"""How long a test takes: days and units until the KPI wins and every guardrail is proven, with looks on the way.

The event that is sized is the one the gate promotes by: at one look the primary KPI is beyond its group-sequential
boundary and, by the same boundary, every guardrail lies above minus its margin. The metric that needs most units
governs; the joint event needs more than any of them alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError
from shopkeeper.experiments.group_sequential import Spending, boundaries
from shopkeeper.experiments.joint import Array, Paths
from shopkeeper.experiments.sizing import PlannedMetric

SPENDING: Final = Spending("obrien-fleming")
MOST_LOOKS: Final = 40
"""Looks that are computed; more of them change the units needed by less than 0.5%. One that would add less than half
its even part of the units is left out: it finds nothing new."""
_ROUGH_LOOKS: Final = 12


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """One allocation of the ramp in which two arms are compared.

    Attributes:
        share: Share of the units outside the holdout that each of the two arms gets, so at most 0.5.
        minimum_days: Least days; the last step goes on until it is decided.
    """

    share: float
    minimum_days: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Who comes.

    Attributes:
        arrivals: Units seen for the first time on each day of a test; of the days beyond, the mean of the last seven is
            taken. One figure = as many every day. Shoppers come back, so the first days bring more new ones than later
            ones: count them as first seen, not as daily visitors.
        maturation_days: Days after exposure until a unit's figures count.
        holdout: Share of units that no test ever gets.
    """

    arrivals: tuple[float, ...]
    maturation_days: int = 0
    holdout: float = 0.01

    def first_seen(self, days: int) -> Array:
        """Return the units first seen on each of so many days, outside the holdout."""
        known = np.asarray(self.arrivals[:days], dtype=np.float64)
        later = np.full(days - len(known), float(np.mean(self.arrivals[-7:])))
        return np.asarray(np.concatenate([known, later]) * (1 - self.holdout))


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """What one metric asks for.

    Attributes:
        units_alone: Units per arm for this metric by itself, one look.
        variance_left: Share of the variance that CUPED leaves.
        chance: That it is shown by the end of this plan, whatever the others do.
        detectable: Smallest true effect (relative; of a guardrail: smallest margin provable at its planned effect) that
            this plan shows with the power asked for, this metric by itself, looks included.
    """

    name: str
    units_alone: float
    variance_left: float
    chance: float
    detectable: float


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely the test has decided to promote by the end of a day.

    Attributes:
        planned: With the effect planned for.
        half: With half of it.
        none: Without any effect on the KPI; never above alpha.
    """

    day: int
    units_per_arm: int
    planned: float
    half: float
    none: float


@dataclass(frozen=True, slots=True)
class TestPlan:
    """How long a test takes.

    Attributes:
        reached: The power asked for is reached within the weeks allowed; False = the figures are of the longest test.
        weeks: Whole weeks of exposure that count.
        days: Until the last look: the weeks and the maturation after them.
        units_per_arm: Matured units of one arm at the last look; all of alpha is spent there.
        units_needed: What the power asks for, before rounding up to whole weeks.
        units_per_day: Units of one arm that mature in a day of the last step.
        power: Chance to promote by the last look, simulated.
        early: Chance to promote before the last look.
        expected_days: Mean days until it is decided or over.
        governed_by: The metric that needs most units by itself.
        sequential_inflation: Units needed for the KPI alone with these looks, over those of a single look.
        metrics: The primary KPI first.
        chances: Look by look.
    """

    __test__ = False  # no test of pytest's

    reached: bool
    weeks: int
    days: int
    units_per_arm: int
    units_needed: float
    units_per_day: float
    power: float
    early: float
    expected_days: float
    governed_by: str
    sequential_inflation: float
    metrics: tuple[MetricPlan, ...]
    chances: tuple[Chance, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """What is fixed before anything is counted.

    Attributes:
        alpha: One-sided, for the KPI and for each guardrail.
        power: Chance to promote a change that has the planned effect.
        ramp: Steps in which shoppers are compared; shadow comes before and is not counted.
        correlation: Of the metrics within a unit, shape (metrics, metrics); None = independent, which is careful where
            metrics that move together are all unharmed.
        runs: Simulated tests.
    """

    alpha: float = 0.025
    power: float = 0.8
    minimum_weeks: int = 2
    maximum_weeks: int = 26
    ramp: tuple[ComparedStep, ...] = (ComparedStep(0.15, 7), ComparedStep(0.5, 7))
    correlation: tuple[tuple[float, ...], ...] | None = None
    runs: int = 20_000
    seed: int = 0


def plan_test(metrics: Sequence[PlannedMetric], traffic: Traffic, design: Design = Design()) -> TestPlan:
    """Return the shortest test in whole weeks that promotes the planned effect with the chance asked for.

    Args:
        metrics: The primary KPI first; see `sizing.planned_metrics`.

    Raises:
        InputError: no units come, a planned effect lies beyond its margin, or the ramp gives arms more than there is.
    """
    _check(metrics, traffic, design)
    fewest = max(design.minimum_weeks, math.ceil(_exposure_before_looks(traffic, design) / 7))
    most = max(design.maximum_weeks, fewest)
    plan = _plan(metrics, traffic, design, _weeks(metrics, traffic, design, fewest, most))
    while not plan.reached and plan.weeks < most:
        plan = _plan(metrics, traffic, design, plan.weeks + 1)
    return plan


def _weeks(metrics: Sequence[PlannedMetric], traffic: Traffic, design: Design, low: int, high: int) -> int:
    """Return the weeks a search with fewer looks and runs comes to; all of them may need one more, hardly ever less."""
    rough = replace(design, runs=max(design.runs // 4, 1_000))
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _enough(metrics, traffic, rough, middle) else (middle + 1, high)
    return low


def _check(metrics: Sequence[PlannedMetric], traffic: Traffic, design: Design) -> None:
    for one in metrics:
        if one.signal <= 0:
            raise InputError(
                f"The planned effect of {one.name} ({one.lift:+.2%}) is not better than its margin"
                f" ({-one.margin:+.2%}), so no number of units would show it.",
                "Plan for a better effect, or widen the margin in the objective.",
            )
    if not traffic.arrivals or min(traffic.arrivals) < 0 or sum(traffic.arrivals[-7:]) <= 0:
        raise InputError("Nobody comes, so no test ends.", "Give the units first seen on each day, above 0.")
    if not design.ramp or not all(0 < step.share <= 0.5 for step in design.ramp):
        raise InputError("Each step of a ramp gives each arm a share above 0 and up to 0.5, as both are of one size.")


def _exposure_before_looks(traffic: Traffic, design: Design) -> int:
    """Return the days of exposure that the first look counts: the ramp's least time, less what has not matured."""
    return max(sum(step.minimum_days for step in design.ramp) - traffic.maturation_days, 1)


def _matured(traffic: Traffic, ramp: Sequence[ComparedStep], exposure_days: int) -> Array:
    """Return the units of one arm exposed by the end of each day, which mature `maturation_days` later.

    A unit seen in an early step and let in by a later one is not counted, so the plan is careful.
    """
    shares = np.full(exposure_days, ramp[-1].share)
    day = 0
    for step in ramp[:-1]:
        shares[day : day + step.minimum_days] = step.share
        day += step.minimum_days
    return np.asarray((traffic.first_seen(exposure_days) * shares).cumsum())


def _looks(traffic: Traffic, design: Design, weeks: int, most: int = MOST_LOOKS) -> tuple[npt.NDArray[np.intp], Array]:
    """Return the days of exposure that each look counts, and the matured units of one arm."""
    counted = _matured(traffic, design.ramp, 7 * weeks)
    first = min(_exposure_before_looks(traffic, design), 7 * weeks)
    days = np.unique(np.linspace(first, 7 * weeks, min(7 * weeks - first + 1, most)).round().astype(np.intp))
    kept, seen = list[int](), 0.0
    for place, grown in enumerate(counted[days - 1]):
        if grown - seen >= counted[-1] / (2 * most) or (place == len(days) - 1 and grown > seen):
            kept.append(place)
            seen = float(grown)
    return days[kept], counted[days - 1][kept]


def _paths(metrics: Sequence[PlannedMetric], design: Design, units: Array) -> Paths:
    fractions = tuple((units / units[-1]).tolist())
    correlation = np.eye(len(metrics)) if design.correlation is None else np.asarray(design.correlation)
    return Paths.drawn(fractions, boundaries(fractions, design.alpha, SPENDING), correlation, design.runs, design.seed)


def _enough(metrics: Sequence[PlannedMetric], traffic: Traffic, design: Design, weeks: int) -> bool:
    units = _looks(traffic, design, weeks, _ROUGH_LOOKS)[1]
    needed = _paths(metrics, design, units).root_units([one.signal for one in metrics], design.power) ** 2
    return bool(needed <= units[-1])


def _plan(metrics: Sequence[PlannedMetric], traffic: Traffic, design: Design, weeks: int) -> TestPlan:
    exposed, units = _looks(traffic, design, weeks)
    paths, n = _paths(metrics, design, units), float(units[-1])
    signals = [one.signal for one in metrics]
    primary = metrics[0].lift / metrics[0].deviation
    chances = [paths.passed_by([share * primary, *signals[1:]], n) for share in (1.0, 0.5, 0.0)]
    days = exposed + traffic.maturation_days
    needed = paths.root_units(signals, design.power) ** 2
    first = np.diff(chances[0], prepend=0.0)
    alone = [one.units_alone(design.alpha, design.power) for one in metrics]
    return TestPlan(
        reached=bool(needed <= n),
        weeks=weeks,
        days=int(days[-1]),
        units_per_arm=math.floor(n),
        units_needed=needed,
        units_per_day=float(traffic.first_seen(7 * weeks)[-7:].mean() * design.ramp[-1].share),
        power=float(chances[0][-1]),
        early=float(chances[0][-2]) if len(days) > 1 else 0.0,
        expected_days=float(first @ days + (1 - chances[0][-1]) * days[-1]),
        governed_by=metrics[int(np.argmax(alone))].name,
        sequential_inflation=_single(paths, 0).root_units([primary], design.power) ** 2 / alone[0],
        metrics=tuple(_metric_plan(one, paths, place, n, design) for place, one in enumerate(metrics)),
        chances=tuple(
            Chance(int(day), math.floor(count), *(float(chance[look]) for chance in chances))
            for look, (day, count) in enumerate(zip(days, units, strict=True))
        ),
    )


def _single(paths: Paths, place: int) -> Paths:
    """Return the paths of one metric by itself."""
    return Paths(paths.fractions, paths.critical, paths.scores[:, :, place : place + 1])


def _metric_plan(metric: PlannedMetric, paths: Paths, place: int, n: float, design: Design) -> MetricPlan:
    own = _single(paths, place)
    reach = own.root_units([1.0], design.power) / math.sqrt(n) * metric.deviation
    return MetricPlan(
        metric.name,
        metric.units_alone(design.alpha, design.power),
        1 - metric.baseline.correlation**2,
        float(own.passed_by([metric.signal], n)[-1]),
        reach if metric.margin == 0 else max(reach - metric.lift, 0.0),
    )
