"""What one metric asks of a test: how far its planned effect lies from what must be shown, in errors of one unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import scipy

from shopkeeper.errors import InputError
from shopkeeper.experiments.arms import Arm
from shopkeeper.objectives.catalogue import CATALOGUE, Direction
from shopkeeper.objectives.contract import Objective


@dataclass(frozen=True, slots=True)
class Baseline:
    """A metric as it is today, over units that could enter the test.

    Attributes:
        mean: Its value; of a ratio metric the ratio of sums.
        variance: Of one unit's value; of a ratio metric of its linearised value.
        correlation: Of one unit's value with the same before exposure; CUPED leaves `1 - correlation^2` of the
            variance.
    """

    mean: float
    variance: float
    correlation: float = 0.0

    @staticmethod
    def of(arm: Arm) -> Baseline:
        """Return the baseline that the units of a past period show, with their pre-period where there is one."""
        spread = math.sqrt(arm.variance * arm.pre_variance)
        return Baseline(arm.value, arm.variance, arm.covariance / spread if arm.pre is not None and spread > 0 else 0.0)


@dataclass(frozen=True, slots=True)
class PlannedMetric:
    """A metric that must win, or must be shown not to lose more than its margin.

    Attributes:
        lift: Relative effect planned for, larger is better whatever the direction; of a guardrail usually 0.
        margin: 0 for the KPI that must win; of a guardrail its non-inferiority margin, relative.
    """

    name: str
    baseline: Baseline
    lift: float
    margin: float = 0.0
    direction: Direction = "up"

    @property
    def deviation(self) -> float:
        """Standard error of the relative effect times the root of the units per arm, after CUPED.

        The delta method with both arms' variance as it is today: `v / m^2 (1 + (1 + lift)^2) (1 - r^2)`.
        """
        signed = self.lift if self.direction == "up" else -self.lift
        spread = self.baseline.variance / self.baseline.mean**2 * (1 + (1 + signed) ** 2)
        return math.sqrt(spread * (1 - self.baseline.correlation**2))

    @property
    def signal(self) -> float:
        """Distance of the planned effect from what must be shown, in deviations: z grows with it by root n.

        The error of a ratio grows with the ratio, so the bound of one that must stay below `1 + margin` gets there
        sooner than the margin says; on the log scale, where the error stands still, the way is `log(1 + margin)`.
        """
        way = math.log1p(self.margin) if self.direction == "down" else self.margin
        return (self.lift + way) / self.deviation

    def units_alone(self, alpha: float, power: float) -> float:
        """Return the units per arm that a single look needs for this metric alone, one-sided."""
        reach = float(scipy.special.ndtri(power) - scipy.special.ndtri(alpha))
        return (reach / self.signal) ** 2 if self.signal > 0 else math.inf


def planned_metrics(objective: Objective, baselines: Mapping[str, Baseline]) -> tuple[PlannedMetric, ...]:
    """Return what a test of an objective must show: the primary KPI first, then each guardrail with a margin.

    Guardrails with a limit alone ask for no units: they are held against a figure, not against the control.

    Raises:
        InputError: a metric has no baseline, or none that a relative effect can be taken of.
    """
    primary = objective.primary
    asked = [(primary.metric, primary.minimum_uplift, 0.0)]
    asked += [(one.metric, 0.0, one.margin) for one in objective.guardrails if one.margin is not None]
    missing = [name for name, _, _ in asked if name not in baselines]
    if missing:
        raise InputError(
            f"No baseline of {', '.join(missing)}, so nobody can say how long a test takes.",
            "Give the mean and variance of a unit over the last weeks of each metric the objective tests.",
        )
    return tuple(
        PlannedMetric(name, _usable(name, baselines[name]), lift, margin, CATALOGUE[name].direction)
        for name, lift, margin in asked
    )


def _usable(name: str, baseline: Baseline) -> Baseline:
    if baseline.mean == 0 or baseline.variance <= 0 or not -1 < baseline.correlation < 1:
        raise InputError(
            f"The baseline of {name} has mean {baseline.mean:g}, variance {baseline.variance:g} and correlation"
            f" {baseline.correlation:g}.",
            "A relative effect needs a mean that is not 0, a variance above 0 and a correlation between -1 and 1.",
        )
    return baseline


def detectable_lift(
    baseline: Baseline, n_control: float, n_treatment: float, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest relative lift that one two-sided look finds with chance `power`; infinity where none is.

    The root of `l^2 = z^2 v / m^2 (1 / n_t + (1 + l)^2 / n_c)`, which is quadratic in l; arms may be of any size, so it
    says what a 1% holdout can see.

    Args:
        n_control, n_treatment: Units of each arm; of a holdout those held out, and all others.
    """
    if n_control <= 0 or n_treatment <= 0:
        return math.inf
    reach = float(scipy.special.ndtri(power) - scipy.special.ndtri(alpha / 2))
    spread = reach**2 * baseline.variance * (1 - baseline.correlation**2) / baseline.mean**2
    of_control, of_treatment = spread / n_control, spread / n_treatment
    if of_control >= 1:
        return math.inf
    both = of_control + of_treatment
    return (of_control + math.sqrt(of_control**2 + (1 - of_control) * both)) / (1 - of_control)
