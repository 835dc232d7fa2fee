"""Group-sequential boundaries to the digit as the widely used `ldbounds` programs give them.

Plans made elsewhere carry such figures. They are coarser than `group_sequential`: a grid of a twentieth of a standard
deviation, chances met to 1e-7, and a look with less than that to spend is left out with a critical value of 8. Over
hundreds of early looks that shows in the third digit. Use this to reproduce a plan, `group_sequential` to make one.

Source:
    Reboussin, DeMets, Kim, Lan (2000), Computations for group sequential boundaries using the Lan-DeMets spending
    function method; the R package ldbounds and its port in Spotify's confidence library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from shopkeeper.experiments.group_sequential import LIMIT, Sides, Spending

Array = npt.NDArray[np.float64]
_H: Final = 0.05
_TOLERANCE: Final = 1e-7
_MOST: Final = 1_000
"""Pieces of a grid at most, as Spotify's library calls the program; it shows in the fourth digit of late looks."""
_SAME: Final = 1e-5
"""Looks nearer to one another than this are one look."""
_REACH: Final = 9.0
"""Standard deviations of a step beyond which nothing arrives, to double precision."""
_ROWS: Final = 128


def published_boundaries(fractions: Sequence[float], alpha: float, spending: Spending, sides: Sides) -> Array:
    """Return the critical value of z at each look, as `group_sequential.boundaries` but in ldbounds' arithmetic.

    Two sides are two one-sided boundaries at half of alpha each.

    Raises:
        ValueError: no critical value meets the chance of a look.
    """
    side = 2 if sides == "two-sided" else 1
    found, state = list[float](), None
    before, spent, edge = 0.0, 0.0, 0.0
    for t in map(float, fractions):
        if found and t - before <= _SAME:
            found.append(found[-1])
            continue
        step, scale, due = math.sqrt(t - before), math.sqrt(t), spending.spent(alpha / side, t) - spent
        critical = _critical(state, due, step, scale, edge)
        spent = float(ndtr(-LIMIT)) if state is None and critical == LIMIT else spent + due
        before, edge = t, critical * scale
        state = _next(state, -LIMIT * scale, edge, step)
        found.append(critical)
    return np.array(found)


State = tuple[Array, Array]


def _critical(state: State | None, due: float, step: float, scale: float, start: float) -> float:
    """Return the critical value of one look; LIMIT where there is next to nothing to spend."""
    if state is None:
        return min(-float(ndtri(due)), LIMIT) if due > 0 else LIMIT
    return min(_search(state, due, step, start) / scale, LIMIT) if due >= _TOLERANCE else LIMIT


def _grid(low: float, high: float, step: float) -> Array:
    pieces = min(math.ceil((high - low) / (_H * step)), _MOST)
    return np.asarray(low + (high - low) / pieces * np.arange(pieces + 1))


def _next(state: State | None, low: float, high: float, step: float) -> State:
    """Return places and densities after a look, by the trapezoid rule over the places before it."""
    places = _grid(low, high, step)
    if state is None:
        return places, _density(places / step) / step
    before, density = state
    weights = density * _trapezoid(before)
    reached = np.empty(len(places))
    for first in range(0, len(places), _ROWS):
        rows = places[first : first + _ROWS]
        near = slice(*np.searchsorted(before, [rows[0] - _REACH * step, rows[-1] + _REACH * step]))
        reached[first : first + _ROWS] = _density((rows[:, None] - before[None, near]) / step) @ weights[near]
    return places, reached / step


def _search(state: State, due: float, step: float, start: float) -> float:
    """Walk the edge in ever smaller steps until the chance above it is met to the tolerance."""
    before, density = state
    weights = density * _trapezoid(before)

    def above(edge: float) -> float:
        return float(ndtr((before - edge) / step) @ weights)

    edge, stride, chance = start, 10.0, above(start)
    while abs(chance - due) > _TOLERANCE:
        stride /= 10
        way = 1 if chance > due + _TOLERANCE else -1
        for _ in range(50):
            edge += way * stride
            chance = above(edge)
            if (chance <= due + _TOLERANCE) if way > 0 else (chance >= due - _TOLERANCE):
                break
        else:
            raise ValueError(f"No critical value meets a chance of {due:g}.")
    return edge


def _trapezoid(places: Array) -> Array:
    width = (places[-1] - places[0]) / (len(places) - 1)
    weights = np.full(len(places), width)
    weights[0] = weights[-1] = width / 2
    return weights


def _density(z: Array) -> Array:
    return np.asarray(np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi))
