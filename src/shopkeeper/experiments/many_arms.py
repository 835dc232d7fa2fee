"""Several arms against one control: intervals and p values that hold for all of them together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import norm

from shopkeeper.errors import InputError
from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.effect import Effect, Scale, adjusted_effect
from shopkeeper.experiments.moments import Array


@dataclass(frozen=True, slots=True)
class ArmEffect:
    """One arm against the control.

    Attributes:
        low, high: Of intervals that all hold together with chance 1 - alpha.
        p: Adjusted for the number of arms.
    """

    arm: str
    effect: Effect
    low: float
    high: float
    p: float


def against_control(
    control: Arm, arms: Mapping[str, Arm], *, theta: float = 0.0, scale: Scale = "relative", alpha: float = 0.05
) -> tuple[ArmEffect, ...]:
    """Return every arm against the control, two-sided, the one with the largest effect first.

    All differences hold the luck of the one control, so they hang together, and Dunnett's critical value is smaller
    than Bonferroni's. Arms are taken as large: normal, not t.

    Args:
        theta: CUPED, one for all arms; see `cuped`.

    Raises:
        InputError: there is no arm.

    Source:
        Dunnett (1955); the correlation is the share of the control's variance in both differences.
    """
    if not arms:
        raise InputError("Nothing is compared: there is no arm beside the control.")
    effects = {name: adjusted_effect(control, arm, theta, scale) for name, arm in arms.items()}
    said = {name: effect for name, effect in effects.items() if effect.error > 0}
    of_control = control.adjusted(theta).variance / max(control.n, 1)
    loads = np.array([_load(of_control, arms[name].adjusted(theta)) for name in said])
    critical = _critical(loads, alpha) if said else math.inf
    found = [
        ArmEffect(
            name,
            effect,
            effect.value - critical * effect.error,
            effect.value + critical * effect.error,
            _beyond(abs(effect.value / effect.error), loads),
        )
        for name, effect in said.items()
    ]
    found.sort(key=lambda one: -one.effect.value)
    silent = [ArmEffect(name, effect, -math.inf, math.inf, 1.0) for name, effect in effects.items() if name not in said]
    return (*found, *silent)


def _load(of_control: float, arm: Arm) -> float:
    """Return how much of a difference's error is the control's luck: the root of its share of the variance."""
    return math.sqrt(of_control / (of_control + arm.variance / arm.n))


def _beyond(z: float, loads: Array) -> float:
    """Return the chance that some arm without effect lies beyond z.

    Given the luck v of the control, arms are independent, so the chance is one integral over v (Gauss-Hermite).
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(81)
    own = np.sqrt(np.maximum(1 - loads**2, 1e-12))
    shifted = loads[None, :] * nodes[:, None]
    inside = (ndtr((z - shifted) / own) - ndtr((-z - shifted) / own)).prod(axis=1)
    return float(np.clip(1 - inside @ weights / math.sqrt(2 * math.pi), 0.0, 1.0))


def _critical(loads: Array, alpha: float) -> float:
    high = float(norm.isf(alpha / (2 * len(loads)))) + 0.1
    return float(brentq(lambda z: _beyond(z, loads) - alpha, 0.0, high))
