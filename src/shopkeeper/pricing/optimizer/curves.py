"""What each candidate price is expected to bring: units, revenue and profit without tax."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.shelf import Flags, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is believed of demand, for the period the prices will stand; each array has shape (pairs,).

    Attributes:
        units: Expected at the reference price, with calendar, competitors and neighbours already in.
        reference: That price, without tax.
        elasticity: Percent of units for one percent of price, below 0.
        elasticity_sd: Its standard deviation.
        level_sd: Standard deviation of the log of `units`.
        stock: Units that can be sold in the period at most, infinite where stock does not bind.
        family: Index of what shares errors, such as the category.
        shared: Share of the error variance that a family has in common.
        luck: Deviation of a period's units from their mean by chance alone, a share of it; none where None. It says how
            sure a target is of one period, and is no error of reading. Independent between pairs but for `together`.
        together: Deviation of a period, a share of its mean, that the pairs of a family in a group of targets have in
            common: luck of all of them, and what `shared` says of their levels.
        beside_revenue: What a price higher by one log unit adds to the revenue of everything else, money, near the
            reference: sales that go to neighbours, or to the next period. Nothing where None.
        beside_profit: The same for profit.
        later: What each candidate leaves for later periods, money of the objective, shape (pairs, points), where stock
            has an end (`clearance`). Nothing where None.
    """

    units: Floats
    reference: Floats
    elasticity: Floats
    elasticity_sd: Floats
    level_sd: Floats
    stock: Floats
    family: Ints
    shared: float = 0.25
    luck: Floats | None = None
    together: float = 0.0
    beside_revenue: Floats | None = None
    beside_profit: Floats | None = None
    later: Floats | None = None

    def luck_parts(self) -> tuple[Floats, Floats]:
        """Return the deviation of each pair's period by luck of its own, and by luck that its family has in common."""
        if self.luck is None:
            return np.zeros(len(self.units)), np.zeros(len(self.units))
        common = np.clip(self.together**2 - self.shared * self.level_sd**2, 0.0, self.luck**2)
        return np.sqrt(self.luck**2 - common), np.sqrt(common)

    def of_pairs(self, rows: Ints | slice) -> Demand:
        """Return the demand of some pairs."""
        held = {f.name: getattr(self, f.name) for f in fields(self)}
        cut: dict[str, Any] = {name: part[rows] for name, part in held.items() if isinstance(part, np.ndarray)}
        return replace(self, **cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Prices to choose from.

    Attributes:
        price: As shown, shape (pairs, points).
        allowed: Which may be chosen, at least one a pair.
        place: Where the current price stands, shape (pairs,).
        tax: Rate of the tax in the shown price, shape (pairs,).
        cost: Of one unit, shape (pairs,); the last accepted one where the newest is not believed and the price is held.
    """

    price: Floats
    allowed: Flags
    place: Ints
    tax: Floats
    cost: Floats

    def kept_at(self, place: Ints, where: Flags) -> Choices:
        """Return the choices with one candidate left at some pairs: that at `place`; both of shape (pairs,)."""
        alone = np.arange(self.price.shape[1]) == place[:, None]
        return replace(self, allowed=np.where(where[:, None], alone, self.allowed))


@dataclass(frozen=True, slots=True)
class Curves:
    """Expected figures of every candidate, shape (pairs, points); money with what happens beside, units without.

    Attributes:
        later: What is left for later periods, counted in the objective only; None where nothing is.
    """

    units: Floats
    revenue: Floats
    profit: Floats
    later: Floats | None = None

    def objective(self, objective: Objective, cost: Floats) -> Floats:
        """Return what is to be made large, in the period and later."""
        made = self.made(objective, cost)
        return made if self.later is None else made + self.later

    def made(self, objective: Objective, cost: Floats) -> Floats:
        """Return what the period itself brings; for sell-through, units at what they cost, so that products add up."""
        if objective == "revenue":
            return self.revenue
        return self.profit if objective == "profit" else self.units * cost[:, None]


def curves_of(
    choices: Choices, demand: Demand, elasticity: Floats | None = None, level: Floats | None = None
) -> Curves:
    """Return expected units, revenue and profit: level times (price / reference) ** elasticity, at most the stock.

    Args:
        elasticity: Instead of the believed one, shape (pairs,).
        level: Factor of the level, shape (pairs,).
    """
    slope = demand.elasticity if elasticity is None else elasticity
    units = demand.units if level is None else demand.units * level
    net = choices.price / (1 + choices.tax[:, None])
    lean = np.log(net / demand.reference[:, None])
    sold = np.exp(slope[:, None] * lean)
    sold *= units[:, None]
    np.minimum(sold, demand.stock[:, None], out=sold)
    revenue = net * sold
    profit = revenue - sold * choices.cost[:, None]
    if demand.beside_revenue is not None:
        revenue = revenue + demand.beside_revenue[:, None] * lean
    if demand.beside_profit is not None:
        profit = profit + demand.beside_profit[:, None] * lean
    return Curves(sold, revenue, profit, demand.later)
