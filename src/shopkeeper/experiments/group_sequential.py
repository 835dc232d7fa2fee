"""Group-sequential boundaries: looks that were planned spend alpha bit by bit, so a look costs little.

Source:
    Armitage, McPherson, Rowe (1969) for the recursion; Lan, DeMets (1983) for spending; Jennison, Turnbull (2000),
    Group Sequential Methods, chapters 7 and 19.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import scipy

Array = npt.NDArray[np.float64]
Sides = Literal["one-sided", "two-sided"]
Family = Literal["obrien-fleming", "power", "pocock"]

LIMIT = 8.0
"""Largest critical value; a look with next to nothing to spend gets this one."""
_REACH = 8.5
_PER_STEP = 7
_FEWEST, _MOST = 201, 3_001


@dataclass(frozen=True, slots=True)
class Spending:
    """How alpha is spent over the share of information.

    Attributes:
        family: `obrien-fleming`: little early, nearly all at the end. `power`: alpha * t ** phi. `pocock`: evenly.
        phi: Of the power family.
    """

    family: Family = "obrien-fleming"
    phi: float = 2.0

    def spent(self, alpha: float, fraction: float) -> float:
        """Return the alpha that may be spent up to a share of the information; all of it from 1 on."""
        t = min(max(fraction, 0.0), 1.0)
        if t == 0.0:
            return 0.0
        if self.family == "power":
            return float(alpha * t**self.phi)
        if self.family == "pocock":
            return alpha * math.log1p((math.e - 1) * t)
        return float(2 * scipy.special.ndtr(scipy.special.ndtri(alpha / 2) / math.sqrt(t)))


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a boundary does under one drift.

    Attributes:
        upper, lower: Chance to cross first at each look, upwards and downwards; shape (looks,).
    """

    upper: Array
    lower: Array


def boundaries(
    fractions: Sequence[float], alpha: float, spending: Spending = Spending(), sides: Sides = "one-sided"
) -> Array:
    """Return the critical value of z at each look; two-sided: of |z|.

    Args:
        fractions: Share of the planned information at each look, rising, above 0.
        alpha: Total chance of a false crossing; two-sided: of both sides together.

    Raises:
        ValueError: the fractions do not rise.
    """
    return np.array(_boundaries(tuple(map(float, fractions)), alpha, spending, sides))


def _boundaries(fractions: tuple[float, ...], alpha: float, spending: Spending, sides: Sides) -> tuple[float, ...]:
    _check(fractions)
    return tuple(_after(fractions[:looks], alpha, spending, sides).critical for looks in range(1, len(fractions) + 1))


@dataclass(frozen=True, slots=True)
class _Looked:
    """Where a walk is after a look: its boundary, the alpha spent so far, and what has not crossed."""

    critical: float
    spent: float
    state: _State


@lru_cache(maxsize=512)
def _after(fractions: tuple[float, ...], alpha: float, spending: Spending, sides: Sides) -> _Looked:
    """Return the walk after its last look; a walk that goes on from one seen before costs one look."""
    *earlier, t = fractions
    before = _after(tuple(earlier), alpha, spending, sides) if earlier else _Looked(math.inf, 0.0, _State())
    chance, scale = before.state.above(t), math.sqrt(t)
    due = spending.spent(alpha / 2 if sides == "two-sided" else alpha, t) - before.spent
    critical = _solve(chance, max(due, 0.0), scale)
    spent = before.spent + chance(critical * scale)
    return _Looked(critical, spent, before.state.continued(t, critical, sides))


def _solve(chance: Callable[[float], float], due: float, scale: float) -> float:
    """Return the z at which the chance to cross is `due`, at most LIMIT."""
    if due <= 0 or chance(LIMIT * scale) >= due:
        return LIMIT
    if chance(-LIMIT * scale) <= due:
        return -LIMIT
    return float(scipy.optimize.brentq(lambda z: chance(z * scale) - due, -LIMIT, LIMIT, xtol=1e-10))


def crossing(
    fractions: Sequence[float], critical: Sequence[float], drift: float = 0.0, sides: Sides = "one-sided"
) -> Crossing:
    """Return how likely each look is the first to cross, when z at full information has mean `drift`.

    Args:
        critical: Critical values as `boundaries` returns them.
    """
    _check(fractions)
    state = _State(drift=drift)
    upper, lower = [], []
    for t, z in zip(fractions, critical, strict=True):
        edge = z * math.sqrt(t)
        upper.append(state.above(t)(edge))
        lower.append(state.below(t)(-edge) if sides == "two-sided" else 0.0)
        state = state.continued(t, z, sides)
    return Crossing(np.array(upper), np.array(lower))


def required_drift(
    fractions: Sequence[float], critical: Sequence[float], power: float, sides: Sides = "one-sided"
) -> float:
    """Return the mean of z at full information that crosses upwards with chance `power`.

    The square of it over that of a fixed test is the factor by which looks lengthen a test.
    """
    return float(
        scipy.optimize.brentq(lambda drift: crossing(fractions, critical, drift, sides).upper.sum() - power, 0.0, 12.0)
    )


def _check(fractions: Sequence[float]) -> None:
    steps = np.diff([0.0, *fractions])
    if not len(steps) or (steps <= 0).any():
        raise ValueError("The shares of information must rise from above 0, look by look.")


@dataclass(frozen=True, slots=True)
class _State:
    """The density of the score process where it has not crossed yet.

    Attributes:
        t: Information so far.
        at, weight: Places and what each stands for; before the first look all of it is at 0.
    """

    t: float = 0.0
    at: Array | None = None
    weight: Array | None = None
    drift: float = 0.0

    def _parts(self) -> tuple[Array, Array]:
        return (np.zeros(1), np.ones(1)) if self.at is None or self.weight is None else (self.at, self.weight)

    def above(self, t: float) -> Callable[[float], float]:
        """Return the chance that the score at information t lies above an edge, not having crossed before."""
        at, weight = self._parts()
        step, centre = math.sqrt(t - self.t), at + self.drift * (t - self.t)
        return lambda edge: float(weight @ scipy.special.ndtr((centre - edge) / step))

    def below(self, t: float) -> Callable[[float], float]:
        """Return the same below an edge."""
        at, weight = self._parts()
        step, centre = math.sqrt(t - self.t), at + self.drift * (t - self.t)
        return lambda edge: float(weight @ scipy.special.ndtr((edge - centre) / step))

    def continued(self, t: float, critical: float, sides: Sides) -> _State:
        """Return the state after a look that did not cross."""
        at, weight = self._parts()
        step, centre = math.sqrt(t - self.t), at + self.drift * (t - self.t)
        top = min(critical * math.sqrt(t), float(centre.max()) + _REACH * step)
        bottom = float(centre.min()) - _REACH * step
        floor = -critical * math.sqrt(t) if sides == "two-sided" else self.drift * t - _REACH * math.sqrt(t)
        bottom = max(bottom, floor)
        if top <= bottom:
            return _State(t, np.array([bottom]), np.zeros(1), self.drift)
        nodes = int(np.clip(2 * math.ceil((top - bottom) / step * _PER_STEP / 2) + 1, _FEWEST, _MOST))
        places = np.linspace(bottom, top, nodes)
        density = np.exp(-0.5 * ((places[:, None] - centre[None, :]) / step) ** 2) @ weight
        density /= step * math.sqrt(2 * math.pi)
        return _State(t, places, density * _simpson(nodes, (top - bottom) / (nodes - 1)), self.drift)


def _simpson(nodes: int, width: float) -> Array:
    weights = np.full(nodes, 2.0)
    weights[1::2] = 4.0
    weights[0] = weights[-1] = 1.0
    return weights * width / 3.0
