"""One product priced again between runs: a cost, a rival or the stock has jumped, the shadow prices stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.blocks import blocks_of
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import ShadowPrices, check, worth
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Ints

KEEP: Final = 1e-6
"""Share of its worth that a change must bring, for rounding not to move prices."""


def reprice(
    choices: Choices, demand: Demand, targets: Targets, prices: ShadowPrices, objective: Objective = "revenue",
    coupling: Coupling | None = None,
) -> Ints:  # fmt: skip
    """Return the candidate of each of a few prices that is worth most at the shadow prices of the last run.

    It is what a full run would choose as long as the shadow prices hold: one look at each candidate, nothing is solved.

    Args:
        choices: Candidates and masks made with what is known now, shape (pairs, points).
        demand: Of these pairs.
        targets: Of the last run, with the groups of these pairs.
        prices: Shadow prices of the last run.
        coupling: Of these pairs, which must be whole blocks (`Coupling.with_partners`); none where None.
    Raises:
        InputError: as `optimise`.
    """
    check(choices, demand, targets)
    gains = worth(choices, curves_of(choices, demand), targets, prices, objective)
    together = np.arange(len(gains)) if coupling is None else coupling.blocks()[coupling.node]
    chosen = gains.argmax(axis=1) if coupling is None else blocks_of(choices, coupling).chosen(gains, Meter(gains.size))
    now, new = (np.bincount(together, picked(gains, at)) for at in (choices.place, chosen))
    better = new > now + KEEP * np.abs(np.where(np.isfinite(now), now, 0.0))
    return np.asarray(np.where(better[together], chosen, choices.place))
