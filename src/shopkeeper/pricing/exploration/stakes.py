"""What trying a price costs and what it teaches, both in money, by what is believed of each slope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.pricing.demand.elasticity import BOUND
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import ShadowPrices, worth
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.shelf import Floats, Ints

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True, slots=True)
class Stakes:
    """Of one try a pair, money a week, shape (pairs,).

    Attributes:
        cost: Expected to be given up: worth of the price that would have been set less that of the try.
        risk: Mean of what is given up where that is above nought: what is lost if the try is the worse price.
        gain: Expected gain of prices by what the try teaches of the slope.
    """

    cost: Floats
    risk: Floats
    gain: Floats


def stakes_of(
    choices: Choices, demand: Demand, targets: Targets, prices: ShadowPrices, objective: Objective, chosen: Ints,
    tried: Ints,
) -> Stakes:  # fmt: skip
    """Return what tries cost and teach.

    A slope is normal with its mean and deviation, kept below 0. With worth `W(price, slope)`, targets at their shadow
    prices counted in, what is to be gained by knowing it is `E max W - max E W`; a try at distance `d` (log) settles
    `I / (1/v + I)` of its variance `v`, where one week's information is `I = d^2 / noise` and the noise of log units
    is chance and what is not known of the level. It counts own sales alone: stores and categories learn with it.

    Source:
        Raiffa, Schlaifer, Applied Statistical Decision Theory (1961): value of perfect and of sample information.

    Args:
        chosen: Candidate that would have been set, shape (pairs,).
        tried: Candidate that is tried.
    """
    slopes = np.minimum(demand.elasticity + demand.elasticity_sd * _NODES[:, None], BOUND)
    mean, best = np.zeros(choices.price.shape), np.zeros(len(chosen))
    risk = np.zeros(len(chosen))
    for weight, slope in zip(_WEIGHTS.tolist(), slopes, strict=True):
        brought = worth(choices, curves_of(choices, demand, slope), targets, prices, objective)
        mean += weight * brought
        best += weight * brought.max(axis=1)
        risk += weight * np.maximum(picked(brought, chosen) - picked(brought, tried), 0.0)
    cost = picked(mean, chosen) - picked(mean, tried)
    distance = np.log(picked(choices.price, tried) / picked(choices.price, chosen))
    told = distance**2 / noise_of(demand)
    settled = told / (1 / np.maximum(demand.elasticity_sd, 1e-9) ** 2 + told)
    return Stakes(cost, risk, np.maximum(best - mean.max(axis=1), 0.0) * settled)


def noise_of(demand: Demand) -> Floats:
    """Return the variance of a week's log units about what is expected of them, shape (pairs,)."""
    chance = 1 / np.maximum(demand.units, 1e-3) if demand.luck is None else demand.luck**2
    return np.asarray(np.maximum(chance + demand.level_sd**2, 1e-9))
