"""What tries of prices cost in fact, told by comparison with prices of the same run that were not tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.intervals import WIDE
from shopkeeper.pricing.shelf import Flags, Floats

LEAST = 3
"""Prices of either kind below which nothing is said."""


class RealisedCost(Struct, frozen=True, kw_only=True):
    """Revenue given up by the tries of a run in one currency; money without tax.

    Attributes:
        tried, beside: Prices that were tried, and those they are compared with.
        days: Of sales looked at.
        expected: What the run expected to be given up in these days, of revenue.
        cost: What was given up, with the ends of its 90% interval.
        share: The cost as a share of the revenue all these prices would have brought.
    """

    currency: str
    tried: int
    beside: int
    days: int
    expected: float
    cost: float
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True)
class Sold:
    """What prices brought and were expected to, in the same days; money without tax, shape (prices,).

    Attributes:
        tried: Whether a price was tried.
        took: Revenue taken.
        expected: Revenue expected at the price that held.
        instead: Revenue expected at the price without the try; that of `expected` where nothing was tried.
    """

    tried: Flags
    took: Floats
    expected: Floats
    instead: Floats


def realised(sold: Sold, currency: str, days: int) -> RealisedCost:
    """Return what tries cost.

    How much more or less than expected the days brought is read off the prices that were not tried, as a ratio; at the
    prices without tries the tried ones would have brought that ratio of what was expected of them there. The interval
    is of the scatter of prices about the ratio, of both kinds.

    Raises:
        NotEnoughData: fewer than three prices were tried, or were not.
    """
    tried, beside = sold.tried, ~sold.tried
    n, others = int(tried.sum()), int(beside.sum())
    if min(n, others) < LEAST or sold.expected[beside].sum() <= 0:
        raise NotEnoughData(
            f"{n} tried prices and {others} others in {currency} say nothing of what tries cost.",
            f"It takes {LEAST} of each that hold; look again at a larger run.",
        )
    ratio = float(sold.took[beside].sum() / sold.expected[beside].sum())
    missed = sold.took - ratio * sold.expected
    weight = sold.instead[tried].sum() / sold.expected[beside].sum()
    variance = _spread(missed[tried]) + weight**2 * _spread(missed[beside])
    cost = float(ratio * sold.instead[tried].sum() - sold.took[tried].sum())
    reach = WIDE * float(np.sqrt(variance))
    whole = ratio * float(sold.instead.sum())
    return RealisedCost(
        currency=currency, tried=n, beside=others, days=days, cost=cost, low=cost - reach, high=cost + reach,
        expected=float((sold.instead - sold.expected)[tried].sum()), share=cost / whole if whole > 0 else 0.0,
    )  # fmt: skip


def _spread(missed: Floats) -> float:
    """Return the variance of a sum of independent terms."""
    return float((missed**2).sum()) * len(missed) / (len(missed) - 1)
