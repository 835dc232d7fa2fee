"""How much of a slope is prices reacting to demand: two parts of price that did not, and what they say.

The part in which stores differ from each other in the same product and week, and from their own other products in that
week: whatever moved demand for a product everywhere, or for a store as a whole, is out of it. And the part that follows
cost (two-stage residual inclusion). Each can be spoilt, the first by a manager who knows one shelf's coming demand, the
second by rivals who pay the same cost; both make demand look calmer than it is, so where the two differ for sure the
steeper one stands, and where neither is steeper than the slope over all moves, nothing is corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import RIVAL, summed
from shopkeeper.pricing.demand.fixed_effects import Effects
from shopkeeper.pricing.demand.pooled import PooledFit, clustered, regression

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

STRONG: Final = 16.0
"""F of cost in the first stage below which it is no instrument: its error would be larger than the bias it removes."""
LEAST: Final = 0.02
"""Share of the price's movement that a part must hold to be asked."""
SURE: Final = 4.0
"""Standard errors by which two answers must differ to be called different."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What one part of price says about one category.

    Attributes:
        strength: F of the part on price given everything else, clustered by product.
        reaction: Effect on sales of the rest of price, beyond the effect of price; above zero where prices are raised
            in good times. NaN where the part is too small to be asked.
        error: Its standard error.
        share: The rest's part of the price's movement.
    """

    strength: float
    reaction: float
    error: float
    share: float

    @classmethod
    def none(cls, strength: float = 0.0) -> Instrument:
        """Return one that says nothing."""
        return cls(strength, np.nan, np.nan, 0.0)

    @property
    def answer(self) -> tuple[float, float]:
        """Points of slope to take out, and their error."""
        return self.reaction * self.share, self.error * self.share


def stores_apart(fit: PooledFit, price: Floats, product: Ints, store: Ints, basis: Floats) -> Floats:
    """Return the part of price in which a store differs in the same product and period, and from its other products."""
    found, weights, level = price.copy(), fit.weights, Effects(basis, periods=False)
    groups = [_shares(weights, group) for group in (product, store)]
    for _ in range(5):
        for number, share in groups:
            found -= summed(share * found, number, int(number.max()) + 1)[number]
        level.take_out(found[None], weights, 1)
    return np.where(weights > 0, found, 0.0)


def _shares(weights: Floats, group: Ints) -> tuple[Ints, Floats]:
    """Return the number of each pair's group, and its cells' shares of the group's weight in each period."""
    _, number = np.unique(group, return_inverse=True)
    total = summed(weights, number, int(number.max()) + 1)[number]
    return number, np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


@dataclass(frozen=True, slots=True)
class RivalsApart:
    """What rivals do where stores differ, which their effect over all moves does not hold.

    Rivals follow what lasts of our prices and not what they do in one good week. Beside a price that is biased by good
    weeks they stand for its other part, and their effect makes up for the bias, also where there is none.

    Attributes:
        column: Rivals' log price in which a store differs as prices do in `stores_apart`, shape (pairs, periods).
        beyond: Of it on log units, more than the category's effect of rivals.
    """

    column: Floats
    beyond: float

    @property
    def shift(self) -> Floats:
        """What it adds to expected log units, shape (pairs, periods)."""
        return np.clip(self.beyond * self.column, -1.0, 1.0)

    def net(self, fit: PooledFit, part: Floats) -> Floats:
        """Return a part of price without what goes with these prices of rivals."""
        moved = float((fit.weights * self.column**2).sum())
        return part - float((fit.weights * part * self.column).sum()) / moved * self.column


def rivals_apart(fit: PooledFit, part: Floats, product: Ints, store: Ints, basis: Floats) -> RivalsApart | None:
    """Return what rivals do where stores differ; None where none is known, or their prices hardly differ by store.

    Args:
        fit: The category's.
        part: Of price, that in which stores differ.
        product, store: Of each pair.
        basis: What is taken out of each pair.
    """
    if RIVAL not in fit.names:
        return None
    rival, weights = fit.columns[fit.names.index(RIVAL)], fit.weights
    column = stores_apart(fit, rival, product, store, basis)
    if (weights * column**2).sum() <= LEAST * (weights * rival**2).sum():
        return None
    (beyond, _), covariance = regression(np.stack([column, part]), weights, fit.residual, product)
    # Drawn to nought as noisy as it is, as all corrections are.
    return RivalsApart(column, float(beyond * max(0.0, 1 - covariance[0, 0] / max(beyond**2, 1e-30))))


def instrument_of(fit: PooledFit, price: Floats, part: Floats, cluster: Ints) -> Instrument:
    """Compare the slope over one part of price with the slope over the rest.

    Args:
        fit: The category's.
        price: Log price not explained by effects and controls, shape (pairs, periods).
        part: What moves a part of it, log, the same taken out.
        cluster: Of each pair: one product's cost moves in all stores at once.

    Source:
        Terza, Basu, Rathouz (2008), Two-stage residual inclusion estimation.
    """
    weights = fit.weights
    moved, whole = float((weights * part * part).sum()), float((weights * price * price).sum())
    if moved < 1e-9 * whole or whole == 0:
        return Instrument.none()
    through = float((weights * part * price).sum()) / moved
    rest = price - through * part
    first_error = clustered((weights * part * rest).sum(axis=1)[:, None], cluster)[0, 0] / moved**2
    strength = min(through**2 / max(first_error, 1e-30), 1e6)
    if strength < STRONG or through**2 * moved < LEAST * whole:
        return Instrument.none(strength)
    response = fit.residual + fit.slopes[0] * price
    slopes, covariance = regression(np.stack([price, rest]), weights, response, cluster)
    share = float((weights * rest * price).sum()) / whole
    return Instrument(strength, float(slopes[1]), float(covariance[1, 1] ** 0.5), share)


def chosen(apart: list[Instrument], cost: list[Instrument]) -> list[Instrument]:
    """Return the part that is believed in all categories: that of stores, unless that of cost is steeper for sure."""
    (by_stores, error), (by_cost, cost_error) = _mean_answer(apart), _mean_answer(cost)
    if np.isnan(by_stores) or by_cost - by_stores > SURE * np.hypot(error, cost_error):
        return cost
    return apart


def _mean_answer(instruments: list[Instrument]) -> tuple[float, float]:
    """Return the mean answer over categories and its error; NaN where none of them answers."""
    answers = np.asarray([i.answer for i in instruments])
    answers = answers[np.isfinite(answers[:, 0])]
    if not len(answers):
        return np.nan, np.nan
    weight = 1 / np.maximum(answers[:, 1], 1e-6) ** 2
    return float(weight @ answers[:, 0] / weight.sum()), float(weight.sum() ** -0.5)


def believed(instruments: list[Instrument]) -> tuple[Floats, Floats]:
    """Return points of slope to take out of each category, as far as they can be believed, and standard deviations.

    Answers are drawn to their common mean, and that to nought, as noisy as they are: a correction that is mostly
    noise would do more harm than the bias. Nought where no category has a strong instrument, and where prices seem to
    have been cut in good times: a small part of price is measured worse than all of it, which looks the same.
    """
    answers = np.asarray([i.answer for i in instruments])
    reaction, variance = answers[:, 0], np.maximum(answers[:, 1], 1e-6) ** 2
    told = np.isfinite(reaction)
    if not told.any():
        return np.zeros(len(reaction)), np.zeros(len(reaction))
    x, v = reaction[told], variance[told]
    between = 0.0
    for _ in range(50):
        weight = 1 / (v + between)
        centre = (weight * x).sum() / weight.sum()
        between = max(0.0, float((weight**2 * ((x - centre) ** 2 - v)).sum() / (weight**2).sum()))
    error = 1 / (1 / (v + between)).sum()
    about = max(0.0, float(centre**2 - error)) if centre > 0 else 0.0
    between = between if about > 0 else 0.0
    keep = about / (about + error)
    centre, centre_variance = keep * centre, keep * error
    own = np.where(told, between / np.where(told, between + variance, 1.0), 0.0)
    mean = centre + own * np.where(told, reaction - centre, 0.0)
    spread = (1 - own) ** 2 * centre_variance + np.where(told, own * np.where(told, variance, 0.0), between)
    return np.asarray(mean), np.sqrt(spread)
