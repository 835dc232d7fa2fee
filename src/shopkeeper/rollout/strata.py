"""Effects over the epochs of a ramp: each epoch by itself first, so that calendar and arm are never mixed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shopkeeper.experiments.arms import Form, arm_of
from shopkeeper.experiments.cuped import arms_theta, pooled_theta
from shopkeeper.experiments.effect import Effect, adjusted_effect
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.rollout.evidence import MetricSums


@dataclass(frozen=True, slots=True)
class Stratified:
    """An effect over epochs.

    Attributes:
        effect: Relative, larger is better whatever the metric's direction; its error over all epochs.
        per_arm: Units of the smaller arm over all epochs.
    """

    effect: Effect
    per_arm: int


def stratified(sums: Iterable[MetricSums], metric: str) -> Stratified | None:
    """Return the relative effect of one metric over epochs, weighted by units; None where no epoch says anything.

    The weight of an epoch is its share of all units, which the ramp sets and no outcome moves. With them
    `z = sum(sqrt(n_e) z_e) / sqrt(sum(n_e))` has independent increments in the share of the planned units, so the
    group-sequential boundaries hold over epochs (Jennison, Turnbull 2000, section 3.2).
    """
    parts = [part for part in sums if part.metric == metric]
    effects = [(effect, part) for part in parts if not (effect := effect_in(part)).reason]
    total = sum(effect.n for effect, _ in effects)
    if not total:
        return None
    value = sum(effect.n / total * effect.value for effect, _ in effects)
    error = math.sqrt(sum((effect.n / total * effect.error) ** 2 for effect, _ in effects))
    control = sum(effect.n / total * effect.control for effect, _ in effects)
    treatment = sum(effect.n / total * effect.treatment for effect, _ in effects)
    sign = 1.0 if CATALOGUE[metric].direction == "up" else -1.0
    joined = Effect(sign * value, error, math.inf, total, control, treatment)
    per_arm = min(sum(getattr(part, arm).n for _, part in effects) for arm in ("control", "treatment"))
    return Stratified(joined, per_arm)


def effect_in(part: MetricSums) -> Effect:
    """Return the relative effect of a metric in one epoch, what was before exposure taken off where it is known."""
    form = CATALOGUE[part.metric].form
    kind: Form = "ratio" if form == "ratio" else "mean"
    sums = (part.control.sums, part.treatment.sums)
    control, treatment = (arm_of(kind, one) for one in sums)
    theta = 0.0
    if part.covariate:
        theta = pooled_theta(sums) if kind == "mean" else arms_theta((control, treatment))
    return adjusted_effect(control, treatment, theta, "relative")
