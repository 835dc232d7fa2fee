"""How prices of a category pull at each other, told by neighbours' promotions.

Prices that follow a store's demand go up in good weeks all together, so what a pair sells beside dear neighbours says
little. Promotions are planned before: what pairs that are not promoted lose while others of their category are, does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import QUIET, log_prices, others_index, summed, worth
from shopkeeper.pricing.demand.demand_level import YEAR_DAYS
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.promotions import promotion_effects

Floats = npt.NDArray[np.float64]

STEADY: Final = 20.0
"""Expected units of a group in a period from which its luck, and no longer chance, makes most of what is not known."""
SHARED: Final = 8
"""Groups from which periods have effects common to all of them."""


TIERS: Final = (-1.0, 0.0, 1.0)
"""Powers of a price over its category's, times revenue, that a pull may go by: units, revenue, more by the dear."""
STOLEN: Final = 0.5
"""Of what a promotion brings beyond its price, taken from neighbours where a pull goes by attraction; the rest is
attention and stocking up. Not told by the data."""
CALMEST: Final = -0.3
"""Slope that a weight goes by at least."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How the prices of a category pull at its pairs.

    Attributes:
        effect: Of the log price of each category's others, shape (categories,).
        error: Its standard error, infinite where promotions of neighbours tell nothing.
        weight: Of each pair in the index of its group, shape (pairs,).
        cut: By how much of a cut a promotion acts on others beyond its price, log units, shape (pairs,).
    """

    effect: Floats
    error: Floats
    weight: Floats
    cut: Floats


def felt(price: Floats, cut: Floats, promo: npt.NDArray[np.floating] | None) -> Floats:
    """Return log prices as neighbours feel them, shape (pairs, periods)."""
    return price if promo is None else price - cut[:, None] * np.nan_to_num(promo)


def neighbours(panel: PricePanel, slope: Floats) -> Neighbours:
    """Return how prices of each category pull at each other.

    A group, that is a category in a store, is one row: sales of its pairs without promotion against what their own
    prices let expect, freed of trend, season and of what all groups have in common; the index of neighbours' prices is
    instrumented by their promotions at each one's usual depth. Whose promotions take the most also tells how the index
    is to be weighed: by units, revenue, or more by the dear; and whether steep slopes take more, as where shoppers
    choose one of many.

    Args:
        slope: Of each pair's own price, shape (pairs,).
    """
    categories = int(panel.category.max()) + 1
    sold = worth(panel)
    nothing = np.zeros(categories), np.full(categories, np.inf)
    quiet = Neighbours(*nothing, sold, np.zeros(panel.pairs))
    if panel.promo is None or not panel.ordered:
        return quiet
    counted = panel.counted()
    promoted = counted & (panel.promo > 0)
    if not promoted.any():
        return quiet
    rows = _Rows.of(panel, slope, counted, promoted)
    steep = np.minimum(slope, CALMEST)
    around = _beside_others(panel, counted, sold, rows.group)
    by_tier = [rows.told(sold * np.exp(power * around)) for power in TIERS]
    weight = sold * np.exp(float(_shares(by_tier) @ np.asarray(TIERS)) * around)
    attraction = float(_shares([rows.told(weight), rows.told(weight * -steep)])[1])
    beyond = np.maximum(promotion_effects(panel, slope, rows.prices, np.zeros_like(rows.prices)), 0.0)
    found = Neighbours(*nothing, weight * (-steep) ** attraction, STOLEN * attraction * beyond / -steep)
    effect, error = rows.instrumented(found, panel.promo, categories)
    return replace(found, effect=effect, error=error)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Groups over periods, and what instruments are made of.

    Attributes:
        prices: Log prices from their usual, shape (pairs, periods).
        planned: The usual depth of promotions where there is one: even a promoted price follows demand.
        expected: Units without promotion, shape (pairs, periods).
        sold: Log of sales of groups over what was due, freed of time; `weights` of the same shape (groups, periods).
        group: Of each pair.
        days: Of a period.
    """

    prices: Floats
    planned: Floats
    expected: Floats
    sold: Floats
    weights: Floats
    group: npt.NDArray[np.int64]
    days: float

    @classmethod
    def of(
        cls, panel: PricePanel, slope: Floats, counted: npt.NDArray[np.bool_], promoted: npt.NDArray[np.bool_]
    ) -> _Rows:
        stores = int(panel.store.max()) + 1
        group = panel.category.astype(np.int64) * stores + panel.store
        units, expected = _plain(panel, slope, counted & ~promoted)
        prices = log_prices(panel, counted)
        depth = np.where(promoted, prices, 0.0).sum(axis=1) / np.maximum(promoted.sum(axis=1), 1)
        groups = (int(panel.category.max()) + 1) * stores
        due = summed(expected, group, groups)
        weights = due / (due + STEADY)
        sold = np.log((summed(units, group, groups) + QUIET) / (due + QUIET))[None]
        sold[:, weights == 0] = 0.0
        _take_out_time(sold, weights, panel.period_days)
        return cls(
            prices, np.where(promoted, depth[:, None], 0.0), expected, sold[0], weights, group, panel.period_days
        )

    def index(self, prices: list[Floats], weight: Floats) -> Floats:
        """Return what others charge in each group, as its pairs expect to sell, freed of time; one a kind of price."""
        groups = len(self.weights)
        due = np.maximum(summed(self.expected, self.group, groups), 1e-9)
        index = [summed(self.expected * others_index(part, weight, self.group), self.group, groups) for part in prices]
        columns = np.stack(index) / due
        columns[:, self.weights == 0] = 0.0
        _take_out_time(columns, self.weights, self.days)
        return columns

    def told(self, weight: Floats) -> float:
        """Return the log likelihood of a weighing: how much of sales planned promotions explain by one effect."""
        planned = self.index([self.planned], weight)[0]
        moved = float((self.weights * planned**2).sum())
        slope = float((self.weights * planned * self.sold).sum()) / moved if moved > 0 else 0.0
        left = float((self.weights * (self.sold - slope * planned) ** 2).sum())
        return -0.5 * float(self.weights.sum()) * float(np.log(max(left, 1e-12)))

    def instrumented(
        self, found: Neighbours, promo: npt.NDArray[np.floating], categories: int
    ) -> tuple[Floats, Floats]:
        """Return each category's effect of the index by two-stage least squares, with its standard error."""
        planned = np.where(self.planned != 0, self.planned - found.cut[:, None], 0.0)
        index = self.index([felt(self.prices, found.cut, promo), planned], found.weight)
        return _instrumented(np.concatenate([self.sold[None], index]), self.weights, categories)


def _beside_others(
    panel: PricePanel, counted: npt.NDArray[np.bool_], sold: Floats, group: npt.NDArray[np.int64]
) -> Floats:
    """Return each pair's mean log price from its group's."""
    logs = np.where(counted, np.log(np.where(counted, panel.price, 1.0)), 0.0)
    mean = logs.sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    weight = sold + 1e-9
    middle = np.bincount(group, weight * mean) / np.maximum(np.bincount(group, weight), 1e-9)
    return np.asarray(np.where(sold > 0, mean - middle[group], 0.0))


def _shares(told: list[float]) -> Floats:
    """Return how likely each of some log likelihoods makes its own, all equally likely before."""
    share = np.exp(np.asarray(told) - max(told))
    return np.asarray(share / share.sum())


def _plain(panel: PricePanel, slope: Floats, plain: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return units without promotion, and what each pair's mean and own price let expect of them."""
    prices = log_prices(panel, plain)
    answered = np.where(plain, panel.exposure * np.exp(np.clip(slope[:, None] * prices, -3, 3)), 0.0)
    units = np.where(plain, panel.units, 0.0).astype(np.float64)
    rate = units.sum(axis=1) / np.maximum(answered.sum(axis=1), 1e-9)
    return units, answered * rate[:, None]


def _take_out_time(columns: Floats, weights: Floats, period_days: float) -> None:
    """Take level, trend and two waves a year out of each group, and what all groups have in common in a period."""
    periods = columns.shape[2]
    years = np.arange(periods) * period_days / YEAR_DAYS
    waves = [f(2 * np.pi * wave * years) for wave in (1, 2) for f in (np.sin, np.cos)] if years[-1] >= 1.5 else []
    basis = np.stack([np.ones(periods), years - years.mean(), *waves])
    common = int((weights.sum(axis=1) > 0).sum()) >= SHARED
    of_period = np.maximum(weights.sum(axis=0), 1e-9)
    normal = np.einsum("gt,bt,ct->gbc", weights, basis, basis, optimize=True)
    inverse = np.linalg.inv(normal + 1e-9 * np.eye(len(basis)))  # a group without sales has nothing to take out
    for _ in range(6 if common else 1):
        if common:
            columns -= (np.einsum("gt,kgt->kt", weights, columns) / of_period)[:, None]
        columns -= np.einsum("gbc,kgc->kgb", inverse, (columns * weights) @ basis.T) @ basis


def _instrumented(columns: Floats, weights: Floats, categories: int) -> tuple[Floats, Floats]:
    """Return two-stage least squares of each category, errors clustered by period."""
    sold, index, told = columns.reshape(3, categories, -1, columns.shape[2])
    told = told * weights.reshape(told.shape)
    first = (told * index).sum(axis=(1, 2))
    there = np.abs(first) > 1e-9
    effect = np.where(there, (told * sold).sum(axis=(1, 2)) / np.where(there, first, 1.0), 0.0)
    scores = (told * (sold - effect[:, None, None] * index)).sum(axis=1)
    error = np.sqrt((scores**2).sum(axis=1)) / np.where(there, np.abs(first), 1.0)
    return effect, np.where(there & (error > 0), error, np.inf)
