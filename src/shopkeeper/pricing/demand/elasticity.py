"""How demand answers to price: a slope for every product in every store, with what it rests on.

Slopes are log-log: a slope of -2 loses 2% of units for 1% of price, near the prices seen. `estimate` goes category by
category (`category_fit`): a pooled fit, then each pair's deviation from it over residualised price. Then all categories
together draw pairs to product, category x store and category by how well each was measured, correct for prices that
react to demand where moves of cost tell, and cut off what is not below zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.demand.category_fit import FEW_CELLS, MOVED, CategoryFit
from shopkeeper.pricing.demand.category_fits import fit_categories
from shopkeeper.pricing.demand.controls import CARRY, PROMO, RIVAL
from shopkeeper.pricing.demand.lasting import ends, interval
from shopkeeper.pricing.demand.neighbours import Neighbours, neighbours
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.shrinkage import (
    PUBLISHED,
    Level,
    Spreads,
    Table,
    common_prior,
    level_of,
    scale_of,
    spreads_of,
)
from shopkeeper.pricing.demand.support import Support
from shopkeeper.pricing.demand.truncated import moments_below
from shopkeeper.pricing.demand.two_parts import freed_slopes

Floats = npt.NDArray[np.float64]

PUBLISHED_CROSS: Final = (0.2, 0.3)
"""Near mean and median of 7,264 published cross-price elasticities (Auer, Papies 2019), where few categories tell."""
BOUND: Final = -0.05
"""No slope is flatter than this after the sign constraint."""
SURE: Final = 2.0
"""Standard errors by which a category's slope, or that of each store it is sold in, must be below zero, for any of its
products to have an opinion."""


@dataclass(frozen=True, slots=True)
class CategorySlope:
    """What holds for all pairs of a category.

    Attributes:
        slope, sd: Mean slope after all corrections, before the sign constraint.
        first: Slope of the pooled fit as it is, and `first_error`, clustered by product.
        stores: Slope of a product never seen in each store the category is sold in, by index; `store_sd` its spread.
        cross: Effect of the log price of the category's others (`neighbours`), never below zero, with its sd.
        rival: Of the rival's log price, never below zero, with its sd.
        carry_over: Effect of the log price of the period before: above zero where cheap weeks borrow from the next.
        promo: Effect of a promotion beyond its price, log units.
        reaction: Bias taken out, in points of slope (above zero: prices had been raised when demand was high), with sd.
        instrument: F of what the bias is told by in explaining price; 0 where nothing tells it.
        overdispersion: `k` of variance = mean + k mean^2.
        opinion: Whether the category's demand answered to price for sure.
    """

    slope: float
    sd: float
    first: float
    first_error: float
    stores: dict[int, float]
    store_sd: dict[int, float]
    cross: float
    cross_sd: float
    rival: float
    rival_sd: float
    carry_over: float
    promo: float
    reaction: float
    reaction_sd: float
    instrument: float
    overdispersion: float
    opinion: bool


@dataclass(frozen=True, slots=True)
class Elasticities:
    """Slopes of all pairs of a panel, in its order.

    Attributes:
        raw, raw_error: Each pair's own slope before any sharing, bias correction and constraint; infinite error where
            its price did not move.
        free, free_sd: After sharing and correction, before the sign constraint.
        slope, sd: Mean and standard deviation after it: what decides prices. How long a price will stay is no chance of
            the coming period, so it is not in them.
        low, high: 90% interval of the answer to a price that is fresh, or has stayed.
        evidence: Share of what is unknown of a product never sold that its own sales have settled, 0 to 1.
        support: `own` where the pair's own price moved enough to be told by; `category` where its category speaks for
            it; `none` where nobody knows, and the price has to stay.
        categories: By index.
        spreads: How far slopes lie apart.
        prior: Mean and standard deviation of the slopes of categories.
        weight: Of each pair's price in what pulls at the rest of its category (`neighbours`).
        promo_cut: By how much of a cut its promotion acts on them beyond its price, log units.
        ends: How far the slope of a new price and that of one which has stayed lie from `free` (`lasting`).
    """

    raw: Floats
    raw_error: Floats
    free: Floats
    free_sd: Floats
    slope: Floats
    sd: Floats
    low: Floats
    high: Floats
    evidence: Floats
    support: tuple[Support, ...]
    categories: dict[int, CategorySlope]
    spreads: Spreads
    prior: tuple[float, float]
    weight: Floats
    promo_cut: Floats
    ends: tuple[float, float] = (0.0, 0.0)

    def of_age(self) -> tuple[Floats, Floats]:
        """Return the slopes in the first week of a new price and where it has stayed, below zero as `slope` is."""
        first, last = (moments_below(self.free + end, self.free_sd, BOUND)[0] for end in self.ends)
        return first, last


def of_pairs(slopes: Elasticities, pairs: npt.NDArray[np.int64]) -> Elasticities:
    """Return the slopes of some pairs, in their order."""
    arrays: dict[str, Any] = {
        one.name: part[pairs] for one in fields(slopes) if isinstance(part := getattr(slopes, one.name), np.ndarray)
    }
    return replace(slopes, **arrays, support=tuple(slopes.support[row] for row in pairs.tolist()))


def estimate(panel: PricePanel) -> Elasticities:
    """Return the slope of every pair of the panel.

    Raises:
        NotEnoughData: no price moved where anything was sold.
    """
    return combined(panel, fit_categories(panel))


def combined(panel: PricePanel, fits: dict[int, CategoryFit]) -> Elasticities:
    """Draw the slopes of all categories together.

    Args:
        panel: All pairs.
        fits: Of each category that sold anything, by index.

    Raises:
        NotEnoughData: no price moved where anything was sold.
    """
    if not any(np.isfinite(part.variance).any() for f in fits.values() for part in (f.slopes, f.apart_slopes)):
        raise NotEnoughData(
            f"No price moved in {panel.pairs} pairs of product and store over {panel.periods} periods.",
            "A slope needs prices that changed: try a small price wobble, or give a longer history.",
        )
    found = _Found.of(panel.pairs)
    told = freed_slopes(panel.product, list(fits.values()))
    tables = []
    for fit, each in zip(fits.values(), told, strict=True):
        found.raw[fit.rows], found.raw_error[fit.rows] = each.slope + each.freed, np.sqrt(each.variance + each.shared)
        product, store = panel.product[fit.rows], panel.store[fit.rows]
        tables.append(Table.of(each.slope, each.variance, product, store, each.shared))
    extras = [each.common for each in told]
    scales = [scale_of(fit.first - each.reaction[0]) for fit, each in zip(fits.values(), told, strict=True)]
    spreads = spreads_of(tables, scales)
    free = [level_of(table, spreads.around(scale)) for table, scale in zip(tables, scales, strict=True)]
    means = np.asarray([level.category[0] for level in free])
    sds = np.sqrt(np.asarray([level.category[1] ** 2 for level in free]) + extras)
    prior = common_prior(means, sds, PUBLISHED)
    said = []
    for n, fit in enumerate(fits.values()):
        shared = extras[n] / (sds[n] ** 2 + prior[1] ** 2)
        shift, left = shared * (means[n] - prior[0]), extras[n] * (1 - shared)
        table, around = tables[n].shifted(-shift), spreads.around(scales[n])
        level = level_of(table, around, prior)
        found.share(fit, table, level, around.pair**2, left)
        # Of one store nobody knows how far others would lie from it; what counts is every store there is.
        shops = level.of_store + SURE * np.sqrt(level.of_store_sd**2 + left)
        opinion = bool(means[n] + SURE * sds[n] < 0 or (shops < 0).all())
        found.supported(fit, opinion)
        said.append((fit, level, float(left), told[n].reaction, opinion))
    beside = neighbours(panel, found.free)
    cross = _not_below_nought(beside.effect[list(fits)], beside.error[list(fits)], PUBLISHED_CROSS)
    rival = _not_below_nought(*_told(list(fits.values()), RIVAL), PUBLISHED_CROSS)
    both = zip(cross, rival, strict=True)
    categories = {number: _category(panel, *one, *sides) for number, one, sides in zip(fits, said, both, strict=True)}
    _strangers(panel, found, categories, prior)
    return found.constrained(categories, spreads, prior, beside, ends([fit.wear for fit in fits.values()]))


def _told(fits: Sequence[CategoryFit], name: str) -> tuple[Floats, Floats]:
    """Return an effect in each category with its standard error, infinite where nothing tells it."""
    told = np.asarray([fit.effects.get(name, (0.0, np.inf)) for fit in fits])
    return told[:, 0], np.where(told[:, 1] > 0, told[:, 1], np.inf)


def _not_below_nought(effect: Floats, error: Floats, few: tuple[float, float]) -> list[tuple[float, float]]:
    """Return each category's effect of others' prices, drawn to the common one and never below zero, with its sd."""
    centre, spread = common_prior(effect, error, few)
    keep = spread**2 / (spread**2 + error**2)
    mean = centre + keep * np.where(np.isfinite(error), effect - centre, 0.0)
    below, sd = moments_below(-mean, spread * np.sqrt(1 - keep), 0.0)
    return list(zip((-below).tolist(), sd.tolist(), strict=True))


def _category(
    panel: PricePanel, fit: CategoryFit, level: Level, shared: float, reaction: tuple[float, float, float],
    opinion: bool, cross: tuple[float, float], rival: tuple[float, float],
) -> CategorySlope:  # fmt: skip
    stores = np.unique(panel.store[fit.rows]).tolist()
    sds = np.sqrt(level.of_store_sd**2 + shared).tolist()
    return CategorySlope(
        slope=level.category[0], sd=float(np.hypot(level.category[1], shared**0.5)), first=fit.first,
        first_error=fit.first_error, stores=dict(zip(stores, level.of_store.tolist(), strict=True)),
        store_sd=dict(zip(stores, sds, strict=True)), cross=cross[0], cross_sd=cross[1], rival=rival[0],
        rival_sd=rival[1], carry_over=fit.effects.get(CARRY, (0.0, 0.0))[0],
        promo=fit.effects.get(PROMO, (0.0, 0.0))[0], reaction=reaction[0], reaction_sd=reaction[1],
        instrument=reaction[2], overdispersion=fit.overdispersion, opinion=opinion,
    )  # fmt: skip


def _strangers(
    panel: PricePanel, found: _Found, categories: dict[int, CategorySlope], prior: tuple[float, float]
) -> None:
    """Give pairs without sales of their own their category's slope in their store, as wide as products differ."""
    for pair in np.flatnonzero(~found.met).tolist():
        category = categories.get(int(panel.category[pair]))
        if category is None:
            found.free[pair], found.free_sd[pair] = prior
            continue
        store = int(panel.store[pair])
        found.free[pair] = category.stores.get(store, category.slope)
        found.free_sd[pair] = category.store_sd.get(store, max(category.store_sd.values()))
        found.support[pair] = 1 if category.opinion else 0


@dataclass(slots=True)
class _Found:
    """Arrays being filled, one entry a pair."""

    raw: Floats
    raw_error: Floats
    free: Floats
    free_sd: Floats
    evidence: Floats
    support: npt.NDArray[np.int64]
    met: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, pairs: int) -> _Found:
        return cls(
            np.zeros(pairs), np.full(pairs, np.inf), np.zeros(pairs), np.zeros(pairs), np.zeros(pairs),
            np.zeros(pairs, dtype=np.int64), np.zeros(pairs, dtype=bool),
        )  # fmt: skip

    def share(self, fit: CategoryFit, table: Table, level: Level, between: float, shared: float) -> None:
        """Join what a pair's own cells say with what its product, store and category say."""
        at = table.row, table.column
        own, mean = table.slope[at], level.mean[at]
        keep = between / (between + table.variance[at])
        self.met[fit.rows] = True
        self.free[fit.rows] = mean + keep * (own - level.seen[at])
        unsure = level.variance[at] + keep**2 * level.seen_variance[at] - 2 * keep * level.covariance[at]
        self.free_sd[fit.rows] = np.sqrt((1 - keep) * between + unsure + shared)
        unseen = level.of_store_sd[table.column] ** 2 + shared
        self.evidence[fit.rows] = np.clip(1 - self.free_sd[fit.rows] ** 2 / unseen, 0.0, 1.0)

    def supported(self, fit: CategoryFit, opinion: bool) -> None:
        """Say whose word each slope is."""
        own = (fit.moved >= MOVED) & (fit.cells >= FEW_CELLS) & np.isfinite(self.raw_error[fit.rows])
        self.support[fit.rows] = np.where(own, 2, 1) if opinion else 0

    def constrained(
        self, categories: dict[int, CategorySlope], spreads: Spreads, prior: tuple[float, float], beside: Neighbours,
        ends: tuple[float, float],
    ) -> Elasticities:  # fmt: skip
        """Cut off what is not below zero; intervals hold the slopes of new prices and of old ones, at their `ends`."""
        slope, sd = moments_below(self.free, self.free_sd, BOUND)
        low, high = interval(self.free, self.free_sd, ends, BOUND)
        words: tuple[Support, Support, Support] = ("none", "category", "own")
        return Elasticities(
            raw=self.raw, raw_error=self.raw_error, free=self.free, free_sd=self.free_sd, slope=slope, sd=sd,
            low=low, high=high, evidence=self.evidence,
            support=tuple(words[n] for n in self.support.tolist()), categories=categories, spreads=spreads, prior=prior,
            weight=beside.weight, promo_cut=beside.cut, ends=ends,
        )  # fmt: skip
