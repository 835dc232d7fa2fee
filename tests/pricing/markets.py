"""Prices to choose from and demand, for tests of the optimizer."""

from __future__ import annotations

import numpy as np

from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets

POINTS = 11


def a_market(pairs: int, groups: int, seed: int, above: float = 0.005) -> tuple[Choices, Demand, Targets]:
    """Return a made-up market with targets so far above today's margins."""
    rng = np.random.default_rng(seed)
    now = np.exp(rng.normal(2.5, 0.5, pairs))
    price = now[:, None] * np.linspace(0.9, 1.1, POINTS)
    allowed = rng.random(price.shape) < 0.8
    place = np.full(pairs, POINTS // 2)
    allowed[:, POINTS // 2] = True
    family = np.arange(pairs) % groups
    choices = Choices(
        price=price,
        allowed=allowed,
        place=place,
        tax=np.full(pairs, 0.2),
        cost=now / 1.2 * rng.uniform(0.5, 0.8, pairs),
    )
    demand = Demand(
        units=np.exp(rng.normal(0, 1, pairs)), reference=now / 1.2, stock=np.full(pairs, np.inf), family=family,
        elasticity=-np.exp(rng.normal(0.9, 0.35, pairs)), elasticity_sd=np.full(pairs, 0.5),
        level_sd=np.full(pairs, 0.1),
    )  # fmt: skip
    curves = curves_of(choices, demand)
    revenue, profit = picked(curves.revenue, place), picked(curves.profit, place)
    margin = np.bincount(family, profit) / np.bincount(family, revenue) + above
    return choices, demand, Targets(group=family, margin=margin, portfolio=float(profit.sum() / revenue.sum()) + above)
