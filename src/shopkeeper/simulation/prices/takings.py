"""What a run took, by week and store. All simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.simulation.prices.market import Market
from shopkeeper.simulation.prices.ports import Floats


@dataclass(frozen=True, slots=True)
class Takings:
    """Money by week and store, shape (weeks, stores) unless said otherwise.

    Attributes:
        revenue: Of units sold, as paid.
        cost: Of units sold.
        wasted: Cost of units thrown away.
        explored: Expected revenue given up for learning, shape (weeks,).
        broken: Prices no rule allowed, in all.
        changed: Share of pairs whose regular price changed, shape (weeks,).
        available: Share of the week pairs were in stock, shape (weeks,).
    """

    revenue: Floats
    cost: Floats
    wasted: Floats
    explored: Floats
    broken: int
    changed: Floats
    available: Floats

    @property
    def margin(self) -> Floats:
        """Gross margin, a share of revenue."""
        return 1 - self.cost / self.revenue

    @property
    def total_revenue(self) -> float:
        """Over all weeks and stores."""
        return float(self.revenue.sum())

    @property
    def total_margin(self) -> float:
        """Over all weeks and stores, a share of revenue."""
        return float(1 - self.cost.sum() / self.revenue.sum())

    @property
    def profit(self) -> float:
        """Revenue less the cost of what was sold and of what was thrown away."""
        return float(self.revenue.sum() - self.cost.sum() - self.wasted.sum())

    def held(self, target: Floats, allowance: float = 0.002) -> float:
        """Return the share of weeks of stores whose margin was not below the store's target less an allowance."""
        return float((self.margin >= target - allowance).mean())


def takings_of(market: Market, first: int, last: int) -> Takings:
    """Return what a run took from one week to before another; the first of all weeks is not one of them."""
    record, store = market.record, market.world.catalogue.shelf.store
    stores = market.world.plan.size.stores
    weeks = slice(first, last)
    units, cost = record.units[weeks], record.cost[weeks]

    def by_store(worth: Floats) -> Floats:
        return np.stack([np.bincount(store, week, stores) for week in worth])

    before = record.regular[first - 1 : last - 1]
    return Takings(
        revenue=by_store(units * record.price[weeks]),
        cost=by_store(units * cost),
        wasted=by_store(record.wasted[weeks] * cost),
        explored=record.explored[weeks],
        broken=int(record.broken[weeks].sum()),
        changed=(record.regular[weeks] != before).mean(axis=1),
        available=record.in_stock[weeks].mean(axis=1),
    )
