"""What besides the own price moves demand, as columns over the cells of one category."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]

PRICE: Final = "price"
PROMO, INDEX, RIVAL, CARRY, TRAFFIC = "promo", "cross", "rival", "carry_over", "traffic"
MOMENTUM: Final = {"recent_month": 4, "recent_quarter": 13}
"""Columns of recent sales, and the periods they look back."""
ABSURD: Final = np.log(2.0)
"""A rival's price further than this from its usual ratio to ours is an error of the feed."""
QUIET: Final = 2.0
"""Units added to both sides of a ratio of sales, so that slow sellers have no wild ratios."""
ROUNDING: Final = 1e-9
"""Share of a group's revenue below which what is left of it after one pair is taken out is rounding."""


def log_prices(panel: PricePanel, counted: npt.NDArray[np.bool_]) -> Floats:
    """Return log price as deviations from each pair's mean over counted cells, 0 where not counted."""
    return _centred(np.log(np.where(counted, panel.price, 1.0).astype(np.float64)), counted)


def static_controls(panel: PricePanel, counted: npt.NDArray[np.bool_], price: Floats) -> dict[str, Floats]:
    """Return promotion, prices of the category's others, and of rivals."""
    found = {}
    if panel.promo is not None:
        found[PROMO] = np.where(counted, np.nan_to_num(panel.promo), 0.0)
    found[INDEX] = others_index(price, worth(panel), panel.store)
    if panel.rival is not None:
        found[RIVAL] = rival_prices(panel, counted)
    return found


def carry_over(price: Floats) -> Floats:
    """Return the log price of the period before."""
    return np.concatenate([np.zeros((len(price), 1)), price[:, :-1]], axis=1)


def calendar_controls(panel: PricePanel) -> dict[str, Floats]:
    """Return a smooth calendar for a category with too few products for an effect of each period.

    Two waves a year where a year is covered, and the course of the years as a curve with a knot every half year.
    """
    if not panel.ordered:
        return {}
    years = np.arange(panel.periods) * panel.period_days / 365.25
    found = {}
    if years[-1] >= 0.95:
        for wave in (1, 2):
            found[f"sin{wave}"] = np.sin(2 * np.pi * wave * years)
            found[f"cos{wave}"] = np.cos(2 * np.pi * wave * years)
    for knot in np.arange(0.5, years[-1] - 0.25, 0.5):
        found[f"bend{knot:g}"] = np.maximum(years - knot, 0.0)
    return {name: np.broadcast_to(row, panel.units.shape) for name, row in found.items()}


def momentum(panel: PricePanel, counted: npt.NDArray[np.bool_], expected: Floats) -> dict[str, Floats]:
    """Return how sales of the last 4 and 13 periods compared with what was expected of them, as log ratios.

    Whoever marks down slow sellers looks at these. Measured net of price, they close that way from demand to price.
    """
    units = np.where(counted, panel.units, 0.0)
    wanted = np.where(counted, expected, 0.0)
    return {
        name: np.log((trailing(units, span) + QUIET) / (trailing(wanted, span) + QUIET))
        for name, span in MOMENTUM.items()
    }


def store_traffic(panel: PricePanel, counted: npt.NDArray[np.bool_]) -> Floats | None:
    """Return how a store's other categories sold in each period against their usual, as log ratio.

    None where one store or one category leaves nothing to compare with.
    """
    stores, categories = int(panel.store.max()) + 1, int(panel.category.max()) + 1
    if stores < 2 or categories < 2 or not panel.ordered:
        return None
    units = np.where(counted, panel.units, 0.0)
    exposure = np.where(counted, panel.exposure, 0.0)
    shown = exposure.sum(axis=1)
    rate = np.divide(units.sum(axis=1), shown, out=np.zeros_like(shown), where=shown > 0)
    usual = exposure * rate[:, None]
    cell = panel.store * categories + panel.category
    sold = summed(units, cell, stores * categories).reshape(stores, categories, -1)
    due = summed(usual, cell, stores * categories).reshape(stores, categories, -1)
    others_sold, others_due = sold.sum(axis=1, keepdims=True) - sold, due.sum(axis=1, keepdims=True) - due
    return np.asarray(np.log((others_sold + QUIET) / (others_due + QUIET)))


def summed(values: Floats, group: npt.NDArray[np.integer], groups: int) -> Floats:
    """Return the sum of rows over each group, shape (groups, periods)."""
    rows = len(group)
    return np.asarray(csr_array((np.ones(rows), (group, np.arange(rows))), shape=(groups, rows)) @ values)


def _centred(values: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    cells = counted.sum(axis=1, keepdims=True)
    total = np.where(counted, values, 0.0).sum(axis=1, keepdims=True)
    return np.where(counted, values - total / np.maximum(cells, 1), 0.0)


def worth(panel: PricePanel) -> Floats:
    """Return what each pair took over the whole panel, shape (pairs,)."""
    return np.asarray(np.nansum(panel.units * panel.price, axis=1, dtype=np.float64))


def others_index(price: Floats, sold: Floats, group: npt.NDArray[np.integer]) -> Floats:
    """Return the revenue-weighted log price of a group without the own, from its usual; nought where no other sells.

    Args:
        price: Log prices as deviations from each pair's usual, shape (pairs, periods).
        sold: Revenue of each pair, shape (pairs,).
        group: Of each pair: its store, within one category.
    """
    weight = sold + 1e-9
    groups = int(group.max()) + 1
    moved = summed(price * weight[:, None], group, groups)[group] - price * weight[:, None]
    total = np.bincount(group, weight, groups)[group]
    others = total - weight
    alone = others <= ROUNDING * total
    return np.where(alone[:, None], 0.0, moved / np.where(alone, 1.0, others)[:, None])


def rival_prices(panel: PricePanel, counted: npt.NDArray[np.bool_]) -> Floats:
    """Return the rival's log price from its usual; missing and absurd ones count as usual."""
    assert panel.rival is not None  # noqa: S101 - the caller has looked
    known = counted & (panel.rival > 0)
    rival = np.log(np.where(known, panel.rival, 1.0).astype(np.float64))
    ratio = rival - np.log(np.where(counted, panel.price, 1.0).astype(np.float64))
    for _ in range(2):
        known &= np.abs(_centred(ratio, known)) < ABSURD
    return _centred(rival, known)


def trailing(values: Floats, span: int) -> Floats:
    """Return the sum over the `span` periods before each period."""
    sums = np.cumsum(np.concatenate([np.zeros((len(values), 1)), values], axis=1), axis=1)
    found = sums[:, :-1].copy()
    found[:, span:] -= sums[:, : -1 - span]
    return found
