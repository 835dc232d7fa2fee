"""How much of each pair would sell at its reference price: seasonal indices and a level that forgets.

Price has no say here beyond being taken out: what another price does is the slope's business. A model that forecasts
sales best is not the one that answers prices best, so the two are kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.demand.common_luck import common_luck
from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]

YEAR_DAYS: Final = 365.25
HALF_LIVES: Final = (4.0, 8.0, 16.0, 32.0, 64.0)
"""Periods after which a week weighs half, tried on the newest weeks."""
HELD_OUT: Final = 8
"""Newest periods that half-lives are tried on."""
STEADY: Final = 50.0
"""Units a category must have sold in one week of the year to be believed half, when its season is told."""
PULL: Final = 2.0
"""Units that a pair's whole history weighs against its recent weeks."""
FARTHEST: Final = 3.0
"""Log units an answer to prices may be from nought."""


@dataclass(frozen=True, slots=True)
class DemandLevel:
    """What sells at reference prices.

    Attributes:
        rate: Units of a pair in a full period at its reference price, without promotion and season, shape (pairs,).
        reference: Price the rates hold at, shape (pairs,).
        slope: Of each pair; how the rates were freed from the prices of the past.
        promo: Effect of a promotion beyond its price, log units, shape (pairs,).
        season: Factor of each category and place in the year, shape (categories, places).
        category: Of each pair.
        periods: Periods of the history; the next is number `periods`.
        half_life: Chosen for each category, periods.
        together: Deviation of a period, a share of its mean, that the pairs of a category in a store have in common.
    """

    rate: Floats
    reference: Floats
    slope: Floats
    promo: Floats
    season: Floats
    category: npt.NDArray[np.integer]
    periods: int
    half_life: Floats
    together: float

    def expected(
        self, ahead: int, price: npt.NDArray[np.floating] | None = None, promo: npt.NDArray[np.floating] | None = None
    ) -> Floats:
        """Return expected units of each coming period, shape (pairs, ahead).

        Args:
            ahead: Periods from the first after the history.
            price: Of each pair and period; the reference where None.
            promo: Share of each period under promotion; none where None.
        """
        season = self.season[self.category][:, (self.periods + np.arange(ahead)) % self.season.shape[1]]
        found = self.rate[:, None] * season
        if price is not None:
            found = found * (price / self.reference[:, None]) ** self.slope[:, None]
        return np.asarray(found if promo is None else found * np.exp(self.promo[:, None] * promo))


def fit_level(
    panel: PricePanel, slope: Floats, promo: Floats | None = None, beside: Floats | None = None
) -> DemandLevel:
    """Learn levels and seasons of all pairs.

    Args:
        panel: Periods in order.
        slope: Of each pair, as decided by `elasticity`.
        promo: Effect of a promotion on each pair, log units; nought where None.
        beside: What else is known to have moved each cell, such as others' prices, log units; nothing where None.

    Raises:
        NotEnoughData: fewer periods than half-lives are tried on and learnt from.
    """
    if panel.periods < 2 * HELD_OUT:
        raise NotEnoughData(
            f"A level needs {2 * HELD_OUT} periods, and the history has {panel.periods}.",
            "Wait, or use shorter periods.",
        )
    effect = np.zeros(panel.pairs) if promo is None else promo
    reference = reference_price(panel)
    units, offset = freed(panel, slope, effect, reference)
    if beside is not None:
        offset = offset * np.exp(np.clip(beside, -FARTHEST, FARTHEST))
    season = _season(panel, units, offset)
    offset = offset * season[panel.category][:, np.arange(panel.periods) % season.shape[1]]
    half_life = _half_lives(panel, units, offset)
    rate = _rate(units, offset, half_life[panel.category])
    group = panel.category.astype(np.int64) * (int(panel.store.max()) + 1) + panel.store
    together = common_luck(units, offset, half_life[panel.category], group)
    return DemandLevel(rate, reference, slope, effect, season, panel.category, panel.periods, half_life, together)


def reference_price(panel: PricePanel, periods: int = 13) -> Floats:
    """Return each pair's usual price: the median outside promotions of its last periods, NaN where unknown."""
    shown = np.where(panel.counted(), panel.price, np.nan).astype(np.float64)
    plain = shown if panel.promo is None else np.where(panel.promo > 0, np.nan, shown)
    found = _median(plain[:, -periods:])
    for wider in (plain, shown):
        found = np.where(np.isfinite(found), found, _median(wider))
    return np.asarray(found)


def _median(values: Floats) -> Floats:
    """Return the lower median of each row, NaN where a row has none."""
    ordered = np.sort(values, axis=1)  # NaN last
    known = np.isfinite(values).sum(axis=1)
    return np.asarray(ordered[np.arange(len(values)), np.maximum(known - 1, 0) // 2])


def freed(panel: PricePanel, slope: Floats, promo: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Return units, and what they are to be divided by to be sales of a full period at the reference price."""
    counted = panel.counted() & np.isfinite(reference)[:, None]
    price = np.where(counted, panel.price, 1.0) / np.where(counted, reference[:, None], 1.0)
    answer = np.clip(slope[:, None] * np.log(price), -FARTHEST, FARTHEST)
    if panel.promo is not None:
        answer = answer + promo[:, None] * np.nan_to_num(panel.promo)
    return np.where(counted, panel.units, 0.0), np.where(counted, panel.exposure * np.exp(answer), 0.0)


def _season(panel: PricePanel, units: Floats, offset: Floats) -> Floats:
    """Return each category's factor by place in the year, smoothed over neighbours; ones below a year of history.

    Growth is taken out first, so that a category that grows has no season for it.
    """
    places = round(YEAR_DAYS / panel.period_days)
    categories = int(panel.category.max()) + 1
    if panel.periods < places or places < 4:
        return np.ones((categories, max(places, 1)))
    usual = offset * (units.sum(axis=1) / np.maximum(offset.sum(axis=1), 1e-9))[:, None]
    sold, due = (np.stack([np.bincount(panel.category, c, categories) for c in v.T], 1) for v in (units, usual))
    # Growth is told by the same place of two years; with less, it is left to the level that forgets.
    if panel.periods > places + HELD_OUT:
        ratio = np.log((sold + STEADY) / (due + STEADY))
        growth = (ratio[:, places:] - ratio[:, :-places]).mean(axis=1, keepdims=True) / places
        due = due * np.exp(growth * (np.arange(panel.periods) - panel.periods / 2))
    place = np.arange(panel.periods) % places
    by_place = [np.stack([np.bincount(place, row, places) for row in values]) for values in (sold, due)]
    smooth = [
        sum(k * np.roll(v, s, axis=1) for s, k in zip(range(-2, 3), (1, 2, 3, 2, 1), strict=True)) for v in by_place
    ]
    factor = (np.asarray(smooth[0]) + STEADY) / (np.asarray(smooth[1]) + STEADY)
    return np.asarray(factor / factor.mean(axis=1, keepdims=True))


def _rate(units: Floats, offset: Floats, half_life: Floats) -> Floats:
    """Return discounted sales over discounted opportunity, drawn a little to the whole history's."""
    age = np.arange(units.shape[1])[::-1]
    weight = 0.5 ** (age / half_life[:, None])
    whole = (units.sum(axis=1) + 0.5) / (offset.sum(axis=1) + 1.0)
    return np.asarray(((weight * units).sum(axis=1) + PULL) / ((weight * offset).sum(axis=1) + PULL / whole))


def _half_lives(panel: PricePanel, units: Floats, offset: Floats) -> Floats:
    """Return for each category the half-life that would have foretold its newest periods best."""
    past, new = slice(0, -HELD_OUT), slice(-HELD_OUT, None)
    categories = int(panel.category.max()) + 1
    losses = []
    for half_life in HALF_LIVES:
        rate = _rate(units[:, past], offset[:, past], np.full(panel.pairs, half_life))
        loss = poisson_deviance(units[:, new], rate[:, None] * offset[:, new]).sum(axis=1)
        losses.append(np.bincount(panel.category, loss, categories))
    return np.asarray(np.asarray(HALF_LIVES)[np.argmin(losses, axis=0)])


def poisson_deviance(units: Floats, expected: Floats) -> Floats:
    """Return the Poisson deviance of each cell; nought where nothing was expected."""
    safe = np.maximum(expected, 1e-9)
    ratio = np.where(units > 0, units / safe, 1.0)
    return np.asarray(np.where(expected > 0, 2 * (units * np.log(ratio) - (units - safe)), 0.0))
