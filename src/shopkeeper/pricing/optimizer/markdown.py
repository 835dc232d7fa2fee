"""Prices for stock that has an end: a season, a shelf life. Week by week, by what is left.

Source: Gallego, van Ryzin (1994), Optimal dynamic pricing of inventories with stochastic demand over finite horizons;
solved here by dynamic programming over weeks, units left and, where prices may only fall, the price before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal, stats

from shopkeeper.errors import FieldProblem, InputError
from shopkeeper.pricing.shelf import Floats, Ints

FINEST: Final = 2_000
"""Units of stock looked at one by one; of more, units are taken in lots."""


@dataclass(frozen=True, slots=True)
class Markdown:
    """Prices of every week by what is left.

    Attributes:
        best: Place of the price in week t with s lots left after price j, shape (weeks, lots + 1, prices); where prices
            may rise again all j are alike.
        value: Expected money from week t on, shape (weeks + 1, lots + 1, prices).
        lot: Units of one lot.
    """

    best: Ints
    value: Floats
    lot: float

    def now(self, before: int) -> int:
        """Return the place of this week's price, with all of the stock left, after the price at a place."""
        return int(self.best[0, -1, before])

    def stock_price(self, before: int) -> float:
        """Return what one more unit of stock is worth: the shadow price of the stock."""
        last = self.value[0, :, before]
        return float(last[-1] - last[-2]) / self.lot if len(last) > 1 else 0.0

    def expected(self, before: int) -> float:
        """Return the money all of the stock is expected to bring."""
        return float(self.value[0, -1, before])


def plan_markdown(
    price: Floats, units: Floats, stock: float, *, salvage: float = 0.0, holding: float = 0.0, falling: bool = True
) -> Markdown:
    """Return the prices that bring most from a stock until its end. Demand of a week is Poisson.

    Args:
        price: Net of tax, low to high, shape (prices,).
        units: Expected demand of every week at every price, shape (weeks, prices).
        stock: Units on hand.
        salvage: What a unit left at the end brings; below 0 = it costs to be rid of it.
        holding: What a unit left costs a week.
        falling: Whether prices may only fall, as shoppers expect of a clearance.
    Raises:
        InputError: figures that are none; names field and remedy.
    """
    _check(price, units, stock)
    one = np.array([stock])
    plan = plan_markdowns(
        price[None], units[None], one, salvage=np.array([salvage]), holding=np.array([holding]), falling=falling
    )
    return Markdown(plan.best[0], plan.value[0], float(plan.lot[0]))


@dataclass(frozen=True, slots=True)
class Markdowns:
    """As `Markdown`, of many stocks with as many lots as the largest has.

    Attributes:
        best: Shape (stocks, weeks, lots + 1, prices).
        value: Shape (stocks, weeks + 1, lots + 1, prices).
        lot: Units of one lot, shape (stocks,).
        lots: Lots of each stock, shape (stocks,).
    """

    best: Ints
    value: Floats
    lot: Floats
    lots: Ints


def plan_markdowns(
    price: Floats, units: Floats, stock: Floats, *, salvage: Floats, holding: Floats, falling: bool = True,
    finest: int = FINEST,
) -> Markdowns:  # fmt: skip
    """Return the prices that bring most from each of many stocks until their end.

    Args:
        price: What a unit sold at each price brings, in the order of prices, shape (stocks, prices).
        units: Expected demand, shape (stocks, weeks, prices).
        stock: Units on hand, shape (stocks,).
        salvage, holding: As in `plan_markdown`, shape (stocks,).
        finest: Units looked at one by one.
    """
    lot = np.maximum(1.0, np.ceil(stock / finest))
    lots = (stock // lot).astype(np.int64)
    stocks, weeks, prices = units.shape
    most = int(lots.max(initial=0))
    value = np.zeros((stocks, weeks + 1, most + 1, prices))
    best = np.zeros((stocks, weeks, most + 1, prices), np.int64)
    left = np.arange(most + 1) * lot[:, None]
    value[:, weeks] = (salvage[:, None] * left)[:, :, None]
    for week in range(weeks - 1, -1, -1):
        gains = _expected(price * lot[:, None], units[:, week] / lot[:, None], value[:, week + 1])
        gains -= (holding[:, None] * left)[:, :, None]
        if falling:
            value[:, week] = np.maximum.accumulate(gains, axis=2)
            rising = gains >= value[:, week]
            best[:, week] = np.maximum.accumulate(np.where(rising, np.arange(prices), 0), axis=2)
        else:
            best[:, week] = gains.argmax(axis=2)[:, :, None]
            value[:, week] = gains.max(axis=2)[:, :, None]
    return Markdowns(best, value, lot, lots)


def _expected(price: Floats, mean: Floats, after: Floats) -> Floats:
    """Return the money from a week's sales at each price and from what is left, by the lots there are before it.

    Args:
        price, mean: Of each stock and price.
        after: What is left is worth, shape (stocks, lots + 1, prices).
    """
    left = np.arange(after.shape[1])[None, :, None]
    chance, more = stats.poisson.pmf(left, mean[:, None]), stats.poisson.sf(left, mean[:, None])
    sold = np.zeros(after.shape)
    sold[:, 1:] = np.cumsum(more, axis=1)[:, :-1]  # E min(demand, s) = sum of P(demand > u) for u < s
    kept = signal.fftconvolve(np.asarray(chance), after, axes=1)[:, : after.shape[1]] + more * after[:, :1]
    return np.asarray(price[:, None] * sold + kept)


def _check(price: Floats, units: Floats, stock: float) -> None:
    wrong = {
        "price": price.ndim != 1 or not len(price) or bool((price <= 0).any()) or bool((np.diff(price) <= 0).any()),
        "units": units.ndim != 2 or units.shape[1:] != price.shape or not bool((units >= 0).all()),
        "stock": not 0 <= stock < np.inf,
    }
    words = {
        "price": "Give prices above 0, low to high.",
        "units": "Give expected units of 0 or more, one row a week, one column a price.",
        "stock": "Give the units on hand, 0 or more.",
    }
    for name, broken in wrong.items():
        if broken:
            raise InputError(
                f"{name} cannot be used.", words[name], (FieldProblem(name, "is no such figure", words[name]),)
            )
