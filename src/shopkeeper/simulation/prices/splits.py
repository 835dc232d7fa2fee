"""Three ways to learn what a change of all prices brings: do it (the truth), split products, or switch. All simulated.

Each way lives through the same weeks of one world with the same luck.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.experiments.switchback import drawn
from shopkeeper.experiments.switchback_effect import estimated
from shopkeeper.simulation.prices.market import Market
from shopkeeper.simulation.prices.ports import Choice, Flags, Floats, Offer
from shopkeeper.simulation.prices.world import stream

WEEKS: Final = 24
SHORT: Final = (2, 1)
"""Weeks between two switches, and those at the start of each that are not counted."""
LONG: Final = (6, 3)
BEFORE: Final = 8
"""Weeks before, by which products and clusters are brought to one level."""
Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Told:
    """What one way says of the relative change of revenue, with its 95% interval."""

    effect: float
    low: float
    high: float

    def holds(self, truth: float) -> bool:
        """Return whether the interval holds the truth."""
        return self.low <= truth <= self.high


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is learnt of one world.

    Attributes:
        truth: Revenue with all prices changed over that with none, less 1, over the same weeks.
        split: By products: half of each category's at other prices than the rest.
        short: By clusters of a category in a store that switch every two weeks, the first of them not counted.
        long: The same with six weeks, the first three of them not counted.
    """

    truth: float
    split: Told
    short: Told
    long: Told


def learn(start: Market, change: float, seed: int) -> Learnt:
    """Return what each way says of a change of all prices.

    Args:
        start: Not changed.
        change: Relative, such as -.1.
        seed: Of the assignment.
    """
    shelf = start.world.catalogue.shelf
    nobody = np.zeros((WEEKS, shelf.pairs), dtype=np.bool_)
    before = start.record.price[start.week - BEFORE : start.week] * start.record.units[start.week - BEFORE : start.week]
    without, everywhere = (_revenue(start, arms, change) for arms in (nobody, ~nobody))
    truth = float(everywhere.sum() / without.sum()) - 1
    halves = _halves(start, seed)
    split = _by_product(_revenue(start, np.tile(halves[shelf.product], (WEEKS, 1)), change), before, halves, start)
    short, long = (_switched(start, change, before, seed, *periods) for periods in (SHORT, LONG))
    return Learnt(truth, split, short, long)


def _halves(start: Market, seed: int) -> Flags:
    """Return a random half of the products of each category, shape (products,)."""
    shelf, rng = start.world.catalogue.shelf, stream(seed, "split of products")
    category = np.zeros(shelf.product.max() + 1, dtype=np.int64)
    category[shelf.product] = shelf.category
    chosen = np.zeros(len(category), dtype=np.bool_)
    for one in np.unique(category):
        there = rng.permutation(np.flatnonzero(category == one))
        chosen[there[: len(there) // 2]] = True
    return chosen


def _by_product(revenue: Floats, before: Floats, halves: Flags, start: Market) -> Told:
    """Return the usual reading of a split: growth since before of one half over that of the other, by products."""
    product = start.world.catalogue.shelf.product
    after, base = (np.bincount(product, weights=one.sum(axis=0)) for one in (revenue, before))
    growth, variance = [], 0.0
    for arm in (halves, ~halves):
        rate = float(after[arm].sum() / base[arm].sum())
        pull = (after[arm] - rate * base[arm]) / after[arm].sum()
        variance += float((pull**2).sum()) * arm.sum() / (arm.sum() - 1)
        growth.append(rate)
    ratio = growth[0] / growth[1]
    reach = Z * math.sqrt(variance)
    return Told(ratio - 1, ratio * math.exp(-reach) - 1, ratio * math.exp(reach) - 1)


def _switched(start: Market, change: float, before: Floats, seed: int, period: int, washout: int) -> Told:
    shelf = start.world.catalogue.shelf
    cluster = shelf.store * (shelf.category.max() + 1) + shelf.category
    level = np.bincount(cluster, weights=before.sum(axis=0))
    order = np.argsort(-level, kind="stable")
    design = drawn([str(one) for one in order], WEEKS, seed, period_days=period, washout_days=washout, apart=1)
    arms = np.zeros((len(level), WEEKS), dtype=np.bool_)
    arms[order] = design.table()
    revenue = _revenue(start, arms[cluster].T, change)
    sums = np.stack([np.bincount(cluster, weights=week) for week in revenue], axis=1)
    found = estimated(design, sums[order], level[order], 0.05).adjusted
    if found.reason or found.fixed.low is None or found.fixed.high is None:
        raise ValueError(f"A world of {len(level)} clusters is too small: {found.reason}.")
    return Told(found.relative, found.fixed.low, found.fixed.high)


def _revenue(start: Market, changed: Flags, change: float) -> Floats:
    """Return revenue by week and pair where some pairs are at changed prices; both of shape (weeks, pairs)."""
    market, shelf = start.copy(), start.world.catalogue.shelf
    usual = start.record.regular[start.week - 1]
    other = np.maximum(np.round((usual * (1 + change) + 0.01) / shelf.step), 1.0) * shelf.step - 0.01
    for arms in changed:
        price = np.where(arms, other, usual)
        market.set_prices(Choice(price, price), Offer(price[:, None], np.ones((shelf.pairs, 1), dtype=np.bool_)))
    weeks = slice(start.week, market.week)
    return np.asarray(market.record.price[weeks] * market.record.units[weeks])
