"""What a mechanism of demand answers: mean units, how they bend as one price moves alone, what happens by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np
from scipy.special import ndtr, ndtri

from shopkeeper.simulation.prices.ports import Flags, Floats, Integers

LARGE: Final = 40.0
"""Mean from which a Poisson count is drawn by the Cornish-Fisher expansion of its quantile; its error is below .1."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A week as demand meets it, whatever our prices are.

    Attributes:
        week: Its number.
        level: Of demand, times the usual, shape (pairs,).
        promoted: Which pairs are in a promotion.
        rivals: Mean prices of the rivals in the week under our paid prices, shape (*paid.shape, rivals).
        cost: Of a unit.
    """

    week: int
    level: Floats
    promoted: Flags
    rivals: Callable[[Floats], Floats]
    cost: Floats


@dataclass(frozen=True, slots=True)
class Response:
    """What happens as each pair alone moves to each candidate while all others stay; shape (pairs, candidates).

    Attributes:
        units: Mean units of the pair itself, were there stock for all.
        other_revenue: Change of all others' revenue.
        other_cost: Change of the cost of what all others sell.
    """

    units: Floats
    other_revenue: Floats
    other_cost: Floats


class Demand(Protocol):
    """Why shoppers buy; one object a run, since shoppers remember.

    Laws: `mean` and `response` change nothing and draw nothing. `happen` draws from the generator it is given in an
    order that does not hang on prices, so that the same seed gives every policy the same luck.
    """

    def mean(self, moment: Moment, paid: Floats) -> Floats:
        """Return the mean units of each pair, were there stock for all; shape (pairs,)."""
        ...

    def response(self, moment: Moment, paid: Floats, candidates: Floats) -> Response:
        """Return what happens as one paid price at a time moves; `candidates` has shape (pairs, candidates)."""
        ...

    def happen(
        self, moment: Moment, paid: Floats, on_hand: Integers, rng: np.random.Generator
    ) -> tuple[Integers, Integers]:
        """Live through the week; return units asked for and units sold, which stock limits; each of shape (pairs,)."""
        ...

    def copy(self) -> Self:
        """Return the same with a memory of its own."""
        ...


def poisson(mean: Floats, chance: Floats) -> Integers:
    """Return the counts that a uniform chance gives: the quantile of the Poisson law, so that they grow with the mean.

    Source:
        Cornish and Fisher (1938), Moments and Cumulants in the Specification of Distributions, for large means.
    """
    normal = ndtri(np.clip(chance, 1e-12, 1 - 1e-12))
    count = np.maximum(0, np.round(mean + np.sqrt(mean) * normal + (normal**2 - 1) / 6)).astype(np.int64)
    small = np.flatnonzero(mean < LARGE)
    rate, luck = mean[small], chance[small]
    term = np.exp(-rate)
    below, found, k = term.copy(), np.zeros(len(small), dtype=np.int64), 0
    while (more := luck > below).any() and k < 4 * LARGE:
        k += 1
        term *= rate / k
        found[more] = k
        below += term
    count[small] = found
    return count


def sold_of(mean: Floats, deviation: Floats, stock: Floats) -> Floats:
    """Return the mean of the lesser of demand and stock, demand being normal and cut off at 0."""
    spread = np.maximum(deviation, 1e-9)
    z = (stock - mean) / spread
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    sold = mean - spread * (density - z * (1 - ndtr(z)))
    return np.asarray(np.clip(sold, 0, np.minimum(mean, stock)), dtype=np.float64)
