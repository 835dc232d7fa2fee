"""Mechanism a: constant elasticities by category, product and store, against the own anchor and against rivals."""

from __future__ import annotations

import numpy as np

from shopkeeper.simulation.prices.catalogue import Catalogue, group_shares
from shopkeeper.simulation.prices.demand import Moment
from shopkeeper.simulation.prices.loglinear import LogLinear
from shopkeeper.simulation.prices.plan import ElasticPlan
from shopkeeper.simulation.prices.ports import Floats


class Elastic(LogLinear):
    """Demand of mechanism a.

    Attributes:
        elasticity: Percent of units lost per 1% of price while rivals and the category stay, shape (pairs,).
    """

    def __init__(self, plan: ElasticPlan, catalogue: Catalogue, luck: float, rng: np.random.Generator) -> None:
        shelf = catalogue.shelf
        categories, stores = int(shelf.category.max()) + 1, int(shelf.store.max()) + 1
        of_category = rng.normal(0, plan.category_spread, categories)
        of_product = rng.normal(0, plan.pair_spread, shelf.pairs // stores)
        of_store = rng.normal(0, plan.store_spread, stores)
        logs = of_category[shelf.category] + of_product[shelf.product] + of_store[shelf.store]
        self.elasticity: Floats = plan.middle * np.exp(logs)
        self._relative = plan.relative
        self._promotion = plan.promotion
        cross = np.tile(rng.uniform(*plan.cross, categories), stores)
        super().__init__(catalogue, cross, group_shares(catalogue), luck)

    def own(self, moment: Moment, paid: Floats) -> Floats:
        """Return how own price, rivals and promotion move log demand."""
        wide = (slice(None),) + (None,) * (paid.ndim - 1)
        elasticity = self.elasticity[wide]
        by_price = elasticity * (1 - self._relative) * np.log(paid / self.catalogue.shelf.anchor[wide])
        by_rivals = elasticity * self._relative * (np.log(paid) - np.log(moment.rivals(paid)).mean(axis=-1))
        return np.asarray(self._promotion * moment.promoted[wide] - by_price - by_rivals)
