"""Why a price is what it is: its curve, what was chosen, the rule that binds, and what the targets ask."""

from __future__ import annotations

from typing import Final

import numpy as np

from shopkeeper.pricing.explanation import Explanation, Point
from shopkeeper.pricing.intervals import WIDE
from shopkeeper.pricing.optimizer.curves import Choices, Curves, Demand, curves_of
from shopkeeper.pricing.optimizer.risk import Targets, drawn
from shopkeeper.pricing.optimizer.solve import ShadowPrices, free_worth
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coherence import broken_together
from shopkeeper.pricing.rules.offer import Offer
from shopkeeper.pricing.shelf import Floats

DRAWS: Final = 400
INTERVAL: Final = (0.05, 0.95)


def explain(
    offer: Offer, choices: Choices, demand: Demand, targets: Targets, prices: ShadowPrices, pair: int, chosen: int, *,
    objective: Objective = "revenue", shown: Floats | None = None, draws: int = DRAWS, seed: int = 0,
) -> Explanation:  # fmt: skip
    """Return why a pair got its price.

    Args:
        prices: Shadow prices of the run.
        pair: Row of the offer, choices, demand and targets.
        chosen: Place of the candidate that was chosen.
        shown: Chosen prices of all pairs of the offer, beside which couplings are looked at; current ones where None.
        draws: Of the posterior, for the intervals.
    """
    one, its = _of_pair(choices, pair), demand.of_pairs(slice(pair, pair + 1))
    target = Targets(group=targets.group[[pair]], margin=targets.margin, portfolio=targets.portfolio)
    curves = curves_of(one, its)
    value = free_worth(one, curves, target, prices, objective)[0]
    many = [curves_of(one, its, slope, level) for slope, level in drawn(its, draws, seed)]
    spread = {name: _interval(name, curves, many) for name in ("units", "revenue", "profit")}
    places = [int(at) for at in np.flatnonzero(offer.exists[pair])]
    curve = tuple(
        Point(
            price=float(one.price[0, at]), units=_three(spread["units"], at), revenue=_three(spread["revenue"], at),
            profit=_three(spread["profit"], at), worth=float(value[at]),
            margin=float(1 - one.cost[0] * (1 + one.tax[0]) / one.price[0, at]),
            broken=offer.broken(pair, float(one.price[0, at])) + _coupled(offer, shown, pair, float(one.price[0, at])),
        )
        for at in places
    )  # fmt: skip
    out = [point for point in curve if point.broken and point.worth > float(value[chosen])]
    better = max(out, key=lambda point: point.worth, default=None)
    slope, sd = float(its.elasticity[0]), float(its.elasticity_sd[0])
    return Explanation(
        curve=curve, current=float(offer.current[pair]), chosen=float(one.price[0, chosen]),
        binding=better.broken if better else (), better=better.price if better else None,
        elasticity=(slope - WIDE * sd, slope, slope + WIDE * sd),
        target_price=float(prices.own[target.group[0]]), portfolio_price=prices.whole, stuck=bool(offer.stuck[pair]),
    )  # fmt: skip


def _coupled(offer: Offer, shown: Floats | None, pair: int, price: float) -> tuple[str, ...]:
    """Return the couplings a price would break beside the prices of all others."""
    if offer.coupling is None:
        return ()
    return broken_together(offer.coupling, offer.current if shown is None else shown, pair, price)


def _interval(name: str, curves: Curves, many: list[Curves]) -> Floats:
    """Return low, expected and high of one figure at every candidate, shape (3, points)."""
    low, high = np.quantile(np.stack([getattr(one, name)[0] for one in many]), INTERVAL, axis=0)
    return np.stack([low, getattr(curves, name)[0], high])


def _three(spread: Floats, at: int) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in spread[:, at])
    return low, middle, high


def _of_pair(choices: Choices, pair: int) -> Choices:
    rows = slice(pair, pair + 1)
    return Choices(
        price=choices.price[rows], allowed=choices.allowed[rows], place=choices.place[rows], tax=choices.tax[rows],
        cost=choices.cost[rows],
    )  # fmt: skip
