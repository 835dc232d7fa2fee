"""Effects over the epochs of a ramp: each epoch by itself first, so that calendar and arm are never mixed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shopkeeper.experiments.arms import Arm, Form, arm_of_figures
from shopkeeper.experiments.cuped import arms_theta, pooled_theta_of
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.rollout.evidence import ArmSums, MetricSums

FEWEST: Final = 20
"""Least size a ratio's denominator must have in an arm, as units of equal weight: with fewer orders than that, neither
the mean order nor its error is known."""


@dataclass(frozen=True, slots=True)
class Stratified:
    """A comparison over epochs.

    Effects are relative to the control and larger is better whatever the metric's direction. Bounds are Fieller's: an
    effect `r` is ruled out when `treatment - (1 + r) control` is too far from 0 for its own error, which takes no share
    of the control's luck into the effect and holds with few conversions too, where the delta method's error shrinks
    with the treatment's.

    Attributes:
        n: Units of both arms.
        per_arm: Units of the smaller arm over all epochs.
        control, treatment: The arms' values, each epoch by its share of all units.
        value: The relative effect; adjusted for the time before exposure where it is known.
        treatment_error: Standard error of the treatment's own value.
        parts: Variance of `treatment - q control` as `parts[0] + parts[1] q + parts[2] q^2`.
        turn: 1 where an increase of the ratio to the control is better, -1 where it is worse.

    Source:
        Fieller (1954), Some Problems in Interval Estimation.
    """

    n: int
    per_arm: int
    control: float
    treatment: float
    value: float
    treatment_error: float
    parts: tuple[float, float, float]
    turn: float

    def error(self, effect: float = 0.0) -> float:
        """Return the standard error of the relative effect if `effect` were the true one."""
        q = 1.0 + self.turn * effect
        return math.sqrt(max(self.parts[0] + self.parts[1] * q + self.parts[2] * q * q, 0.0)) / abs(self.control)

    def z(self, effect: float = 0.0) -> float:
        """Return by how many standard errors the effect lies above another."""
        return (self.value - effect) / self.error(effect)

    def bounds(self, reach: float) -> tuple[float, float]:
        """Return the effects that lie within `reach` standard errors; infinite where the control may be 0."""
        if math.isinf(reach):
            return -math.inf, math.inf
        wide = reach * reach
        square = self.control**2 - wide * self.parts[2]
        if square <= 0:
            return -math.inf, math.inf
        q = 1.0 + self.turn * self.value
        half = q * self.control**2 + wide * self.parts[1] / 2
        rest = (q * self.control) ** 2 - wide * self.parts[0]
        root = math.sqrt(max(half * half - square * rest, 0.0))
        ends = [self.turn * ((half + way * root) / square - 1.0) for way in (-1.0, 1.0)]
        return min(ends), max(ends)


def stratified(sums: Iterable[MetricSums], metric: str) -> Stratified | None:
    """Compare one metric over epochs, weighted by units; None where no epoch says anything.

    The weight of an epoch is its share of all units, which the ramp sets and no outcome moves. With them
    `z = sum(sqrt(n_e) z_e) / sqrt(sum(n_e))` has independent increments in the share of the planned units, so the
    group-sequential boundaries hold over epochs (Jennison, Turnbull 2000, section 3.2). Values are added up before one
    is divided by the other, as Mantel and Haenszel do, so that a young epoch's few conversions are never a divisor.
    """
    known = CATALOGUE[metric]
    form: Form = "ratio" if known.form == "ratio" else "mean"
    epochs = [part for part in sums if part.metric == metric and _enough(part, form)]
    units = sum(part.control.n for part in epochs), sum(part.treatment.n for part in epochs)
    control = treatment = difference = own = constant = linear = square = 0.0
    for part in epochs:
        a, b, theta = _arms(part, form)
        adjusted, weight = b.adjusted(theta), (a.n + b.n) / sum(units)
        of_a, of_b = weight**2 / a.n, weight**2 / b.n
        control += weight * a.value
        treatment += weight * b.value
        difference += weight * (adjusted.value - a.adjusted(theta).value)
        own += of_b * b.variance
        constant += of_b * adjusted.variance + of_a * theta**2 * a.pre_variance
        linear -= of_a * 2 * theta * a.covariance
        square += of_a * a.variance
    if not epochs or control == 0 or constant + linear + square <= 0:
        return None
    turn = math.copysign(1.0, control) * (1.0 if known.direction == "up" else -1.0)
    value, parts = turn * difference / control, (constant, linear, square)
    return Stratified(sum(units), min(units), control, treatment, value, math.sqrt(max(own, 0.0)), parts, turn)


def _enough(part: MetricSums, form: Form) -> bool:
    a, b = part.control, part.treatment
    return a.n >= 2 and b.n >= 2 and (form != "ratio" or min(_weight_below(a), _weight_below(b)) >= FEWEST)


def _weight_below(arm: ArmSums) -> float:
    """Return how many units of equal weight a ratio's denominator is worth: `(sum d)^2 / sum d^2`."""
    squares = arm.products[1][1]
    return arm.totals[1] ** 2 / squares if squares > 0 else 0.0


def _arms(part: MetricSums, form: Form) -> tuple[Arm, Arm, float]:
    """Return both arms of an epoch and the theta by which the time before exposure is taken off."""
    control = arm_of_figures(form, part.control.n, part.control.totals, part.control.products)
    treatment = arm_of_figures(form, part.treatment.n, part.treatment.totals, part.treatment.products)
    if not part.covariate:
        return control, treatment, 0.0
    if form == "mean":
        return (
            control,
            treatment,
            pooled_theta_of([(arm.n, arm.totals, arm.products) for arm in (part.control, part.treatment)]),
        )
    return control, treatment, arms_theta((control, treatment))
