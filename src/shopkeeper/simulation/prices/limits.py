"""Which prices any policy may set: ladder, largest move, band, floor, and the cap by rivals."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from shopkeeper.simulation.prices.ports import Floats, Offer, Shelf

MOVE: Final = 0.10
"""Largest change of a regular price from week to week, a share of it."""
BAND: Final = 0.25
"""How far a regular price may be from its anchor, which moves with cost."""
FLOOR: Final = 1.02
"""Lowest regular price, times the unit cost."""
RIVAL_CAP: Final = 1.15
"""Highest regular price, times the median of what rivals were last seen at."""
CREDIBLE: Final = (0.4, 2.5)
"""A rival's price outside this range, times the anchor, is an error of the feed."""
ROUNDING: Final = 1e-9

_STEPS: Final = ((4.0, 0.05), (10.0, 0.10), (25.0, 0.25), (50.0, 0.50), (np.inf, 1.00))


def ladder_step(price: Floats) -> Floats:
    """Return the distance of two shown prices near a price: 1.25% to 2.5% of it above 2."""
    bounds = np.array([bound for bound, _ in _STEPS])
    return np.array([step for _, step in _STEPS])[np.searchsorted(bounds, price, side="right")]


def charm(price: Floats, step: Floats) -> Floats:
    """Return the nearest price of the ladder: a multiple of the step less .01."""
    return np.asarray(np.maximum(1, np.round((price + 0.01) / step)) * step - 0.01)


def paid(regular: Floats, depth: Floats, cost: Floats, step: Floats) -> Floats:
    """Return what is shown and paid under a promotion: never below cost because of it."""
    reduced = np.maximum(charm(regular * (1 - depth), step), cost)
    return np.where(depth > 0, np.minimum(regular, reduced), regular)


def last_known(feed: Floats, weeks: int = 4) -> Floats:
    """Return what each rival was last seen at within the last weeks, NaN where not at all; shape (pairs, rivals)."""
    known = np.full(feed.shape[1:], np.nan)
    for row in feed[-weeks:]:
        known = np.where(np.isnan(row), known, row)
    return known


def credible(rivals: Floats, around: Floats) -> Floats:
    """Return the rivals' prices with NaN where they are too far from what the product costs anywhere."""
    low, high = (bound * around[:, None] for bound in CREDIBLE)
    return np.where((rivals >= low) & (rivals <= high), rivals, np.nan)


def offered(shelf: Shelf, regular: Floats, cost: Floats, feed: Floats) -> Offer:
    """Return the allowed prices of the coming week.

    The largest move comes first: a price outside band, floor or cap goes towards them as far as it allows. A pair
    within whose largest move the ladder has no price keeps the one it has.

    Args:
        regular: Prices of the week before.
        cost: Of the coming week.
        feed: Prices of rivals as seen, oldest first, shape (weeks, pairs, rivals).
    """
    anchor = shelf.anchor * cost / shelf.anchor_cost
    known = credible(last_known(feed), anchor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a pair no rival of which was seen has no cap
        cap = RIVAL_CAP * np.nanmedian(known, axis=1)
    lowest, highest = _above(regular * (1 - MOVE), shelf.step), _below(regular * (1 + MOVE), shelf.step)
    first = np.clip(_above(np.maximum(anchor * (1 - BAND), FLOOR * cost), shelf.step), lowest, highest)
    last = np.clip(_below(np.fmin(anchor * (1 + BAND), cap), shelf.step), lowest, highest)
    last = np.maximum(first, last)  # where the cap is under the floor, the floor wins
    place = np.arange(max(1, int((last - first).max()) + 1))
    price = (first[:, None] + place) * shelf.step[:, None] - 0.01
    allowed = (first[:, None] + place <= last[:, None]) & (lowest <= highest)[:, None]
    stuck = ~allowed.any(axis=1)
    price[stuck, 0] = regular[stuck]
    allowed[stuck, 0] = True
    return Offer(price, allowed)


def _above(price: Floats, step: Floats) -> Floats:
    """Return the number of the lowest ladder price that is not under a price."""
    return np.asarray(np.ceil((price + 0.01) / step - ROUNDING))


def _below(price: Floats, step: Floats) -> Floats:
    """Return the number of the highest ladder price that is not above a price."""
    return np.asarray(np.floor((price + 0.01) / step + ROUNDING))
