"""Mechanism c: brands of orange juice in shops of a chain, by rounded figures of them; no row of those data is in it.

A price acts by its ratio to the usual one, so elasticity grows with the price (those data fit this as well as a
constant one); brands of a category take from each other most of what a cut brings, dear ones more from cheap ones than
the other way round; promoted weeks are frequent and lift demand beyond their price.
"""

from __future__ import annotations

import numpy as np

from shopkeeper.simulation.prices.catalogue import Catalogue, group_shares
from shopkeeper.simulation.prices.demand import Moment
from shopkeeper.simulation.prices.loglinear import LogLinear
from shopkeeper.simulation.prices.plan import ReplayPlan
from shopkeeper.simulation.prices.ports import Floats


class Replay(LogLinear):
    """Demand of mechanism c.

    Attributes:
        slope: Log units lost per 100% of the usual price, shape (pairs,).
    """

    def __init__(self, plan: ReplayPlan, catalogue: Catalogue, luck: float, rng: np.random.Generator) -> None:
        shelf = catalogue.shelf
        stores = int(shelf.store.max()) + 1
        products = shelf.pairs // stores
        of_product = rng.triangular(*plan.slope, products)
        of_store = np.exp(rng.normal(0, plan.store_spread, stores))
        self.slope: Floats = of_product[shelf.product] * of_store[shelf.store]
        self._plan = plan
        self._lift = rng.uniform(*plan.promotion, products)[shelf.product]
        share, group, groups = group_shares(catalogue), catalogue.group, catalogue.groups
        middle = np.bincount(group, share * np.log(shelf.anchor), groups)[group]
        weight = share * np.exp(plan.tiers * (np.log(shelf.anchor) - middle))
        weight /= np.bincount(group, weight, groups)[group]
        pull = plan.cross * np.bincount(group, share * self.slope, groups)
        super().__init__(catalogue, np.asarray(pull, dtype=np.float64), weight, luck)

    def own(self, moment: Moment, paid: Floats) -> Floats:
        """Return how own price, rivals and promotion move log demand."""
        wide = (slice(None),) + (None,) * (paid.ndim - 1)
        plan, slope = self._plan, self.slope[wide]
        change = paid / self.catalogue.shelf.anchor[wide] - 1
        felt = np.where(change > 0, plan.raise_factor * change, change)
        by_rivals = plan.relative * (np.log(paid) - np.log(moment.rivals(paid)).mean(axis=-1))
        return np.asarray((self._lift * moment.promoted)[wide] - slope * (felt + by_rivals))
