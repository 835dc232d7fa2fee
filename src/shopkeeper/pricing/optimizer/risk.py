"""How sure a margin target is: what demand may be, by the posterior of levels and elasticities, at chosen prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shopkeeper.pricing.optimizer.curves import Choices, Curves, Demand
from shopkeeper.pricing.optimizer.frontier import picked, sums_by
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.shelf import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Margins that must be met.

    Attributes:
        group: Of each pair, such as its store's main category, shape (pairs,).
        margin: Least margin of each group, a share of revenue, NaN where it has none, shape (groups,).
        portfolio: Least margin of all together, None where there is none.
        probability: Chance with which each must be met.
    """

    group: Ints
    margin: Floats
    portfolio: float | None = None
    probability: float = 0.9

    def brings(self, curves: Curves) -> Floats:
        """Return what each candidate brings to its group's target: profit less the margin wanted of its revenue."""
        return curves.profit - np.nan_to_num(self.margin)[self.group][:, None] * curves.revenue

    def whole(self, curves: Curves) -> Floats:
        """Return the same for the target of all."""
        return curves.profit - (self.portfolio or 0.0) * curves.revenue


def target_sd(choices: Choices, demand: Demand, targets: Targets, curves: Curves, chosen: Ints) -> tuple[Floats, float]:
    """Return the standard deviation of what chosen prices bring to each group's target, and to that of all.

    By the delta method: the derivative of `profit - margin x revenue` by elasticity and log level, with the shared part
    of a family's errors, and of its luck, moving together.
    """
    price = picked(choices.price, chosen) / (1 + choices.tax)
    free = picked(curves.units, chosen) < demand.stock
    lean = np.where(free, np.log(price / demand.reference), 0.0) * demand.elasticity_sd
    level = np.where(free, demand.level_sd, 0.0)
    groups = len(targets.margin)
    family = _families(demand, targets)
    alone, common = (np.where(free, part, 0.0) for part in demand.luck_parts())

    def variance(brought: Floats, of: Ints, clusters: Ints, number: int) -> Floats:
        total = sums_by(of, (brought * alone) ** 2, number)
        cluster_of = np.zeros(int(clusters.max(initial=0)) + 1, np.int64)
        cluster_of[clusters] = of
        for part in (brought * lean, brought * level):
            together = np.bincount(clusters, weights=part)
            total += (1 - demand.shared) * sums_by(of, part**2, number)
            total += demand.shared * sums_by(cluster_of, np.asarray(together**2, np.float64), number)
        lucky = np.bincount(clusters, weights=brought * common)
        return total + sums_by(cluster_of, np.asarray(lucky**2, np.float64), number)

    own = variance(picked(targets.brings(curves), chosen), targets.group, family, groups)
    all_ = np.zeros(len(chosen), np.int64)
    whole = variance(picked(targets.whole(curves), chosen), all_, demand.family, 1)
    return np.sqrt(own), float(np.sqrt(whole[0]))


def _families(demand: Demand, targets: Targets) -> Ints:
    """Return the number of each pair's family within its group."""
    numbers = targets.group * (int(demand.family.max(initial=0)) + 1) + demand.family
    return np.asarray(np.unique(numbers, return_inverse=True)[1], np.int64)


def drawn(demand: Demand, draws: int, seed: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield elasticities and factors of the level drawn from the posterior, each shape (pairs,)."""
    rng = np.random.default_rng(seed)
    families = int(demand.family.max(initial=0)) + 1
    together, alone = np.sqrt(demand.shared), np.sqrt(1 - demand.shared)
    for _ in range(draws):
        slope, level = (
            together * rng.standard_normal(families)[demand.family] + alone * rng.standard_normal(len(demand.units))
            for _ in range(2)
        )
        yield demand.elasticity + demand.elasticity_sd * slope, np.exp(demand.level_sd * level)


@dataclass(frozen=True, slots=True)
class Sampled:
    """What chosen prices bring over draws of the posterior.

    Attributes:
        chance: Share of draws in which each group's target is met, shape (groups,).
        portfolio_chance: The same for all together, 1 where there is no target.
        lift: Objective at the chosen prices over that at the current ones, less 1, of every draw, shape (draws,); what
            they leave for later is as expected.
        margin: Of all together, of every draw; `margin_change` over that at the current prices.
    """

    chance: Floats
    portfolio_chance: float
    lift: Floats
    margin: Floats
    margin_change: Floats


def sample(
    choices: Choices, demand: Demand, targets: Targets, chosen: Ints, objective: Objective, draws: int, seed: int
) -> Sampled:
    """Return what chosen prices bring when demand is drawn from its posterior."""
    groups = len(targets.margin)
    met, lifts, margins, before_margins = np.zeros(groups), np.zeros(draws), np.zeros(draws), np.zeros(draws)
    wanted = np.nan_to_num(targets.margin)[targets.group]
    net = [picked(choices.price, at) / (1 + choices.tax) for at in (chosen, choices.place)]
    lean = [np.log(price / demand.reference) for price in net]
    beside = [_beside(demand, one) for one in lean]
    later = (
        0.0
        if demand.later is None
        else float((picked(demand.later, chosen) - picked(demand.later, choices.place)).sum())
    )
    rng, family = np.random.default_rng((seed, draws)), _families(demand, targets)
    for place, (slope, level) in enumerate(drawn(demand, draws, seed)):
        asked = demand.units * level * _by_chance(demand, family, rng)
        new, now = (np.minimum(asked * np.exp(slope * one), demand.stock) for one in lean)
        before = float(_made(objective, net[1], now, choices.cost, beside[1]).sum())
        made = float(_made(objective, net[0], new, choices.cost, beside[0]).sum())
        lifts[place] = (made + later) / before - 1
        (revenue, profit), (revenue_before, profit_before) = (
            [_made(of, price, units, choices.cost, by) for of in ("revenue", "profit")]
            for price, units, by in zip(net, (new, now), beside, strict=True)
        )
        met += (sums_by(targets.group, profit - wanted * revenue, groups) >= 0).astype(np.float64)
        margins[place] = profit.sum() / revenue.sum()
        before_margins[place] = profit_before.sum() / revenue_before.sum()
    portfolio = 1.0 if targets.portfolio is None else float((margins >= targets.portfolio).mean())
    chance = np.where(np.isnan(targets.margin), 1.0, met / draws)
    return Sampled(chance, portfolio, lifts, margins, margins - before_margins)


def _by_chance(demand: Demand, family: Ints, rng: np.random.Generator) -> Floats | float:
    """Return factors of mean 1 by which a period's units differ from their mean."""
    if demand.luck is None:
        return 1.0
    alone, common = demand.luck_parts()
    shape = np.maximum(alone, 1e-6) ** -2
    together = rng.standard_normal(int(family.max(initial=0)) + 1)[family]
    return np.asarray(rng.gamma(shape) / shape * np.exp(common * together - common**2 / 2))


def _beside(demand: Demand, lean: Floats) -> tuple[Floats, Floats]:
    """Return what prices add to revenue and profit of everything else."""
    nothing = np.zeros(len(lean))
    each = (demand.beside_revenue, demand.beside_profit)
    revenue, profit = (nothing if worth is None else worth * lean for worth in each)
    return revenue, profit


def _made(objective: Objective, net: Floats, units: Floats, cost: Floats, beside: tuple[Floats, Floats]) -> Floats:
    if objective == "sell_through":
        return units * cost
    return units * net + beside[0] if objective == "revenue" else units * (net - cost) + beside[1]
