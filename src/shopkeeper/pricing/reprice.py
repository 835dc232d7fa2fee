"""One product priced again between runs: a cost, a rival or the stock has jumped, the shadow prices stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from shopkeeper.pricing.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer import ShadowPrices, check, worth
from shopkeeper.pricing.price_policy import Objective
from shopkeeper.pricing.risk import Targets
from shopkeeper.pricing.shelf import Floats, Ints

KEEP: Final = 1e-6
"""Share of its worth that a change must bring, for rounding not to move prices."""


def reprice(
    choices: Choices, demand: Demand, targets: Targets, prices: ShadowPrices, objective: Objective = "revenue"
) -> Ints:
    """Return the candidate of each of a few prices that is worth most at the shadow prices of the last run.

    It is what a full run would choose as long as the shadow prices hold: one look at each candidate, nothing is solved.

    Args:
        choices: Candidates and masks made with what is known now, shape (pairs, points).
        demand: Of these pairs.
        targets: Of the last run, with the groups of these pairs.
        prices: Shadow prices of the last run.
    Raises:
        InputError: as `optimise`.
    """
    check(choices, demand, targets)
    gains = worth(choices, curves_of(choices, demand), targets, prices, objective)
    rows, chosen = np.arange(len(gains)), gains.argmax(axis=1)
    now: Floats = gains[rows, choices.place]
    better = gains[rows, chosen] > now + KEEP * np.abs(np.where(np.isfinite(now), now, 0.0))
    return np.asarray(np.where(better, chosen, choices.place))
