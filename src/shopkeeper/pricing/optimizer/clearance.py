"""Stock with an end in the prices of a week: what is sold now cannot be sold later, and what is left must go.

Each candidate of such a price gets, beside what the week brings, what the stock it leaves is expected to bring until
its end by the best prices of the later weeks (`markdown`). Sales count there as in the run: at the objective and at the
shadow prices of the margin targets. So the targets, the rules and the certificate hold as for all other prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy import stats

from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.ending import Ending
from shopkeeper.pricing.optimizer.markdown import plan_markdowns
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import ShadowPrices
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coherence import together
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.shelf import Floats, Ints

LOTS: Final = 60
"""Units of a stock looked at one by one; of more, units are taken in lots."""
PRICES: Final = 16
"""Prices looked at for the weeks after the coming one."""
LOWEST: Final = 0.2
"""Of them, the lowest as a share of the current one, where no floor is higher."""
TOGETHER: Final = 500
"""Stocks planned at once."""


def only_falling(choices: Choices, ending: Ending, coupling: Coupling | None) -> Choices:
    """Return choices in which prices of ending stock do not rise, where the rules leave them another price.

    Prices that belong together are let rise where they could not stand together otherwise.
    """
    if not ending.falling:
        return choices
    current = choices.price[np.arange(len(choices.place)), choices.place]
    has = np.zeros(len(current), np.bool_)
    has[ending.rows()] = True
    lower = choices.allowed & (choices.price <= current[:, None] * (1 + SAME))
    has &= lower.any(axis=1)
    allowed = np.where(has[:, None], lower, choices.allowed)
    if coupling is None:
        return replace(choices, allowed=allowed)
    masks = together(choices.price, allowed, choices.place, coupling, approach=False)
    return replace(choices, allowed=np.where(masks.stuck[:, None], choices.allowed, masks.allowed))


@dataclass(frozen=True, slots=True)
class Left:
    """What stock with an end is worth after the coming week.

    Attributes:
        later: What each candidate leaves for the later weeks, less what there would be without a sale in the coming
            one, money of the objective, shape (pairs, points); nought for prices whose stock has no end.
        stock_price: What one more unit on hand is worth, shape (pairs,).
    """

    later: Floats
    stock_price: Floats


def left_over(
    choices: Choices, demand: Demand, ending: Ending, season: Floats, targets: Targets, prices: ShadowPrices,
    objective: Objective,
) -> Left:  # fmt: skip
    """Return what candidates leave for the weeks after the coming one.

    Args:
        demand: With stock that does not bind; in the program it is `ending.capped`.
        season: Expected units of each later week at one price, times those of the coming one, shape (pairs, weeks).
        prices: Shadow prices of the targets, as of the round before.
    """
    found = Left(np.zeros(choices.price.shape), np.zeros(len(choices.price)))
    rows = ending.rows()
    for weeks in np.unique(ending.weeks[rows]).tolist():
        of_weeks = rows[ending.weeks[rows] == weeks]
        for first in range(0, len(of_weeks), TOGETHER):
            some = of_weeks[first : first + TOGETHER]
            each = _each(targets, prices, objective, some, choices)
            _plan(choices, demand, ending, season[:, : weeks - 1], each, some, found)
    return found


@dataclass(frozen=True, slots=True)
class _Each:
    """What one sold unit is worth: `of_price x net price - of_cost`, shape (rows,)."""

    of_price: Floats
    of_cost: Floats

    def at(self, net: Floats) -> Floats:
        return self.of_price[:, None] * net - self.of_cost[:, None]


def _each(targets: Targets, prices: ShadowPrices, objective: Objective, rows: Ints, choices: Choices) -> _Each:
    cost, group = choices.cost[rows], targets.group[rows]
    own, margin = prices.own[group], np.nan_to_num(targets.margin)[group]
    whole = targets.portfolio or 0.0
    of_price = own * (1 - margin) + prices.whole * (1 - whole)
    of_cost = (own + prices.whole) * cost
    if objective == "sell_through":
        return _Each(of_price, of_cost - cost)
    return _Each(of_price + 1, of_cost + cost if objective == "profit" else of_cost)


def _plan(
    choices: Choices, demand: Demand, ending: Ending, season: Floats, each: _Each, rows: Ints, found: Left
) -> None:  # fmt: skip
    """Put in what some stocks of equally many weeks are worth."""
    net = choices.price[rows] / (1 + choices.tax[rows, None])
    here = net[np.arange(len(rows)), choices.place[rows]]
    top = net.max(axis=1)
    low = np.minimum(np.maximum(ending.floor[rows], LOWEST * here), net.min(axis=1))
    grid = low[:, None] * (top / low)[:, None] ** np.linspace(0, 1, PRICES)
    of = demand.of_pairs(rows)
    stock = ending.on_hand[rows]

    def units(at: Floats) -> Floats:
        return np.asarray(of.units[:, None] * (at / of.reference[:, None]) ** of.elasticity[:, None])

    plan = plan_markdowns(
        each.at(grid), season[rows][:, :, None] * units(grid)[:, None], stock, salvage=ending.salvage[rows],
        holding=ending.holding[rows], falling=ending.falling, finest=LOTS,
    )  # fmt: skip
    after = plan.value[:, 0]  # of the week after the coming one, by what is left and the price before
    # A candidate between two prices of the grid leaves what the lower one of them leaves.
    before = np.maximum((grid[:, None, :] <= net[:, :, None] * (1 + SAME)).sum(axis=2) - 1, 0)
    worth = np.take_along_axis(after, before[:, None, :], axis=2)
    lots = np.arange(after.shape[1])[None, :, None]
    left = plan.lots[:, None, None] - lots  # by lots sold
    chance = stats.poisson.pmf(lots, units(net)[:, None] / plan.lot[:, None, None])
    whole = np.take_along_axis(worth, np.maximum(left, 0).repeat(net.shape[1], axis=2), axis=1)
    chance = np.where(left > 0, chance, 0.0)
    kept = (chance * whole).sum(axis=1) + (1 - chance.sum(axis=1)) * worth[:, 0]
    full = after[np.arange(len(rows)), plan.lots, -1]
    held = ending.holding[rows][:, None] * np.maximum(stock[:, None] - units(net), 0.0)
    # The program counts the mean of demand up to the stock; what chance leaves of that is told here.
    sold = (chance * lots).sum(axis=1) + (1 - chance.sum(axis=1)) * plan.lots[:, None]
    by_chance = each.at(net) * (sold * plan.lot[:, None] - np.minimum(units(net), stock[:, None]))
    found.later[rows] = kept + by_chance - held - full[:, None]
    under = after[np.arange(len(rows)), np.maximum(plan.lots - 1, 0), -1]
    found.stock_price[rows] = (full - under) / plan.lot
