"""What is believed of demand in the coming period: levels, slopes, neighbours and rivals put together.

A category's prices pull at each other, and a cheap period borrows from the next one. The optimizer looks at one price
at a time, so what a price does elsewhere comes to it as money beside the own curve, near given prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import carry_over, log_prices, others_index, rival_prices
from shopkeeper.pricing.demand.demand_level import DemandLevel, fit_level
from shopkeeper.pricing.demand.elasticity import Elasticities, estimate, of_pairs
from shopkeeper.pricing.demand.neighbours import felt
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.promotions import promotion_effects
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.ending import Ending
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.shelf import Floats, Ints

BEND: Final = 1.0
"""Power of the price over its usual by which answers get steeper: nought = the same at every price. With one, a price
above its usual soon stops to pay, as where shoppers weigh money and not ratios of it (logit demand)."""
_OF_LEVEL: Final = ("rate", "reference", "slope", "promo", "category")
_OF_OUTLOOK: Final = ("usual", "last", "rivals", "group", "cross", "carry", "spread")
LEAST_UNITS: Final = 1e-3
"""Expected units from which a period's luck is told; below, nothing hangs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What is known of the period that prices are set for.

    Attributes:
        choices: Shown prices to choose from, with their masks; a planned promotion's prices where there is one.
        stock: Units that can be sold in it, infinite where stock does not bind, shape (pairs,).
        promo: Share of it under promotion, or its strength, as in the panel; none where None.
        rival: Rival's price as last seen, as in the panel, NaN where unknown; unknown where None.
        ending: Stock that has an end; none has where None.
    """

    choices: Choices
    stock: Floats
    promo: Floats | None = None
    rival: Floats | None = None
    ending: Ending | None = None

    def now(self) -> Floats:
        """Return the prices as they stand, without tax, shape (pairs,)."""
        return picked(self.choices.price, self.choices.place) / (1 + self.choices.tax)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How demand answers, as learnt from a history.

    Attributes:
        slopes: Of all pairs of its panel.
        periods: Of that history.
    """

    slopes: Elasticities
    periods: int


def learnt(panel: PricePanel, before: Knowledge | None, every: int) -> Knowledge:
    """Return what the history says of answers to price: what was learnt before, for `every` periods after that.

    Raises:
        NotEnoughData: no price moved where anything was sold.
    """
    if before is not None and before.periods <= panel.periods < before.periods + every:
        return before
    return Knowledge(estimate(panel), panel.periods)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of demand before the prices of the coming period are.

    Attributes:
        level: At reference prices, with what neighbours and rivals did taken out.
        slopes: Of all pairs.
        usual: Mean log price of each pair, from which its neighbours measure it, shape (pairs,).
        last: Log price of the last period from its usual.
        rivals: What the rival does to log units.
        group: Category in a store, of each pair.
        cross, carry: Effect of the group's index and of the price of the period before, of each pair.
        spread: `k` of variance = mean + k mean^2, of each pair.
    """

    level: DemandLevel
    slopes: Elasticities
    usual: Floats
    last: Floats
    rivals: Floats
    group: Ints
    cross: Floats
    carry: Floats
    spread: Floats

    def of_pairs(self, rows: Ints) -> Outlook:
        """Return what is known of some pairs."""
        level = replace(self.level, **{one: getattr(self.level, one)[rows] for one in _OF_LEVEL})
        cut = {one: getattr(self, one)[rows] for one in _OF_OUTLOOK}
        return replace(self, level=level, slopes=of_pairs(self.slopes, rows), **cut)


def outlook(panel: PricePanel, slopes: Elasticities, coming: Coming) -> Outlook:
    """Return what the history says of the coming period.

    Raises:
        NotEnoughData: too few periods for a level.
    """
    counted = panel.counted()
    prices = log_prices(panel, counted)
    logs = np.where(counted, np.log(np.where(counted, panel.price, 1.0)), 0.0)
    usual = logs.sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    cross, carry, rival, spread = (
        _of_category(panel, slopes, name) for name in ("cross", "carry_over", "rival", "overdispersion")
    )
    group = panel.category.astype(np.int64) * (int(panel.store.max()) + 1) + panel.store
    feed = _rivals(panel, coming)
    index = others_index(felt(prices, slopes.promo_cut, panel.promo), slopes.weight, group)
    beside = cross[:, None] * index + carry[:, None] * carry_over(prices) + rival[:, None] * feed[:, :-1]
    level = fit_level(panel, slopes.slope, promotion_effects(panel, slopes.slope, prices, beside), beside)
    return Outlook(level, slopes, usual, prices[:, -1], rival * feed[:, -1], group, cross, carry, spread)


def demand_at(known: Outlook, coming: Coming, price: Floats) -> Demand:
    """Return demand near some prices: expected units there, how they bend, and what a price does to everything else.

    Args:
        price: Without tax, shape (pairs,).
    """
    slopes, level, choices = known.slopes, known.level, coming.choices
    weight = slopes.weight
    promo = None if coming.promo is None else coming.promo[:, None]
    moved = np.where(weight > 0, np.log(price) - known.usual, 0.0)[:, None]
    pull = known.cross * others_index(felt(moved, slopes.promo_cut, promo), weight, known.group)[:, 0]
    expected = level.expected(1, price[:, None], promo)[:, 0]
    units = np.nan_to_num(expected * np.exp(pull + known.carry * known.last + known.rivals))
    noise = known.spread + 1 / np.maximum(units, LEAST_UNITS)
    # At the half-life that foretells best, drift of a level weighs as much as chance does in its mean.
    forgets = np.log(2) / level.half_life[level.category]
    sold = np.minimum(units, coming.stock)
    free = units < coming.stock
    revenue, profit = (sold * each for each in (price, price - choices.cost))
    steeper = np.where(weight > 0, price / np.exp(known.usual), 1.0) ** BEND
    return Demand(
        units=units, reference=price, elasticity=slopes.slope * steeper, elasticity_sd=slopes.sd * steeper,
        level_sd=np.sqrt(np.log1p(forgets * noise)), stock=coming.stock, family=level.category.astype(np.int64),
        luck=np.sqrt(noise), together=level.together, beside_revenue=_beside(known, np.where(free, revenue, 0.0)),
        beside_profit=_beside(known, np.where(free, profit, 0.0)),
    )  # fmt: skip


def _beside(known: Outlook, brought: Floats) -> Floats:
    """Return what a log unit of each price adds to what all others bring, and the pair itself in the next period.

    Args:
        brought: Money each pair brings, as far as stock leaves it free to answer.
    """
    weight = known.slopes.weight + 1e-9
    groups = int(known.group.max()) + 1
    others = np.bincount(known.group, weight, groups)[known.group] - weight
    alone = np.bincount(known.group, minlength=groups)[known.group] < 2
    pulled = np.where(alone, 0.0, known.cross * brought / np.where(alone, 1.0, others))
    return weight * (np.bincount(known.group, pulled, groups)[known.group] - pulled) + known.carry * brought


def seen_rivals(panel: PricePanel, slopes: Elasticities, coming: Coming) -> Floats:
    """Return what rivals' prices as last seen do to log units in the coming period, shape (pairs,)."""
    return _of_category(panel, slopes, "rival") * _rivals(panel, coming)[:, -1]


def _rivals(panel: PricePanel, coming: Coming) -> Floats:
    """Return the rival's log price from its usual in all periods and the coming one, nought where it is unknown."""
    if panel.rival is None or coming.rival is None:
        return np.zeros((panel.pairs, panel.periods + 1))
    counted = panel.counted()
    price = np.where(counted, panel.price, np.nan)[:, -1:]
    longer = PricePanel(
        product=panel.product, store=panel.store, category=panel.category,
        units=_and(panel.units, np.zeros((panel.pairs, 1))), price=_and(panel.price, price),
        exposure=_and(panel.exposure, np.ones((panel.pairs, 1))), rival=_and(panel.rival, coming.rival[:, None]),
    )  # fmt: skip
    return rival_prices(longer, longer.counted())


def _and(past: npt.NDArray[np.floating], coming: Floats) -> Floats:
    return np.concatenate([past, coming], axis=1).astype(np.float64)


def _of_category(panel: PricePanel, slopes: Elasticities, name: str) -> Floats:
    """Return what holds for each pair's category; nought where nothing was learnt of it."""
    found = np.zeros(max(int(panel.category.max()), *slopes.categories, 0) + 1)
    for number, category in slopes.categories.items():
        found[number] = getattr(category, name)
    return found[panel.category]
