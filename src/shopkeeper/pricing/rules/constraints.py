"""The hard rules of prices, each a range a price must lie in; a point outside one is never chosen.

All bounds are of the shown price. Floors are made from costs without tax and carry the tax of the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.rules.limits import Limits, covered
from shopkeeper.pricing.shelf import Flags, Floats, Ints, Shelf

LAW: Final = "prior_price"
UNKNOWN_COST: Final = "cost_unknown"
HELD: Final = ("calendar", UNKNOWN_COST, "no_opinion", "days_between_changes")
"""Rules that hold a price at what it is."""
FLOORS: Final = ("over_cost", "margin_floor", "minimum_advertised")
MOVES: Final = ("daily_move", "weekly_move")
SCOPE_OF: Final = {UNKNOWN_COST: "cost", LAW: "prior_price_days"}
"""Rule as it binds -> rule of the policy it comes from, where the names differ."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One rule for every price.

    Attributes:
        rule: Its name.
        low, high: Range of the shown price, shape (pairs,); infinite where the rule says nothing.
        spares_current: Whether a price that does not change is never against it.
    """

    rule: str
    low: Floats
    high: Floats
    spares_current: bool = False

    def of_rows(self, rows: Ints) -> Bound:
        """Return the rule for some prices."""
        return Bound(self.rule, self.low[rows], self.high[rows], self.spares_current)

    def allows(self, price: Floats, current: Floats) -> Flags:
        """Return which prices follow the rule; `price` has shape (pairs, points), `current` (pairs,)."""
        held = (price >= self.low[:, None] * (1 - SAME)) & (price <= self.high[:, None] * (1 + SAME))
        if self.spares_current:
            held |= np.abs(price - current[:, None]) <= SAME * current[:, None]
        return held


def bounds_of(policy: PricePolicy, limits: Limits, shelf: Shelf, day: date) -> tuple[Bound, ...]:
    """Return the hard rules of every price on a day. Those that say nothing about any price are left out."""
    held, reduced = _calendar(policy, shelf, day)
    number, current = limits.number, shelf.current
    believed, taxed = cost_believed(limits, shelf), 1 + shelf.tax
    cost = np.where(believed, shelf.accepted_cost, np.fmax(shelf.cost, shelf.cost_before))
    wobbles = np.isfinite(limits.exploration["budget"]) & ~shelf.key_value  # what is tried may be told of at last
    too_soon = shelf.changed_days < number["days_between_changes"]
    with np.errstate(invalid="ignore"):
        advertised = np.where(number["minimum_advertised"] == 1, shelf.advertised, np.nan)
    found = [
        _kept("calendar", held, current),
        _kept(UNKNOWN_COST, ~believed, current),
        _kept("no_opinion", ~shelf.opinion & ~wobbles, current),
        _around("no_opinion", current, np.where(~shelf.opinion & wobbles, limits.exploration["move"], np.nan)),
        _kept("days_between_changes", too_soon, current),
        _prior_price(limits, shelf, reduced),
        _range("over_cost", current, low=cost * (1 + number["over_cost"]) * taxed),
        _range("margin_floor", current, low=cost / (1 - number["margin_floor"]) * taxed),
        _range("minimum_advertised", current, low=advertised),
        _around("daily_move", current, number["daily_move"]),
        _around("weekly_move", shelf.week_ago, number["weekly_move"]),
        _competitor(limits, shelf),
        _range("inflation", current, high=shelf.year_ago * (1 + number["inflation"])),
        _range("calendar", current, high=np.where(reduced, current, np.nan)),
    ]
    return tuple(bound for bound in found if np.isfinite(bound.low).any() or (bound.high < np.inf).any())


def cost_believed(limits: Limits, shelf: Shelf) -> Flags:
    """Return whether each newest cost is there, above zero, fresh, and credible beside the one accepted before it."""
    change = shelf.cost / np.where(shelf.cost_before > 0, shelf.cost_before, np.nan)
    with np.errstate(invalid="ignore"):
        wild = (change < limits.cost["credible_low"]) | (change > limits.cost["credible_high"])
        return np.asarray(
            (shelf.cost > 0) & np.isfinite(shelf.cost) & ~wild & (shelf.cost_days <= limits.cost["fresh_days"])
        )


def rivals_believed(limits: Limits, shelf: Shelf) -> tuple[Floats, Floats]:
    """Return the lowest and the median rival's price, NaN where it is missing, old or absurd; each shape (pairs,)."""
    fresh = shelf.rival_days <= limits.band["fresh_days"]
    low, high = (shelf.current * limits.band[name] for name in ("credible_low", "credible_high"))

    def believed(price: Floats) -> Floats:
        with np.errstate(invalid="ignore"):
            return np.where(fresh & (price >= low) & (price <= high), price, np.nan)

    return believed(shelf.rival_lowest), believed(shelf.rival_median)


def _calendar(policy: PricePolicy, shelf: Shelf, day: date) -> tuple[Flags, Flags]:
    held, reduced = np.zeros((2, shelf.pairs), np.bool_)
    for period in policy.calendar:
        if period.starts <= day <= period.ends:
            meant = covered(period.where, shelf)
            held |= meant & (period.prices == "hold")
            reduced |= meant & (period.prices == "reduce")
    return held, reduced


def _competitor(limits: Limits, shelf: Shelf) -> Bound:
    lowest, median = rivals_believed(limits, shelf)
    high = np.fmin(median * limits.band["highest"], lowest * limits.band["over_lowest"])
    return _range("competitor", shelf.current, low=median * limits.band["lowest"], high=high)


def _prior_price(limits: Limits, shelf: Shelf, reduced: Flags) -> Bound:
    """An announced reduction lies below the lowest price of the days before; without that price none is announced."""
    told = (shelf.announced | reduced) & ~np.isnan(limits.number["prior_price_days"])
    below = np.where(np.isnan(shelf.prior), 0.0, shelf.prior) * (1 - 1e-6)
    return Bound(LAW, np.full(shelf.pairs, -np.inf), np.where(told, below, np.inf), spares_current=True)


def _kept(rule: str, where: Flags, current: Floats) -> Bound:
    return Bound(rule, np.where(where, current, -np.inf), np.where(where, current, np.inf))


def _around(rule: str, price: Floats, move: Floats) -> Bound:
    return _range(rule, price, low=price * (1 - move), high=price * (1 + move))


def _range(rule: str, like: Floats, low: Floats | None = None, high: Floats | None = None) -> Bound:
    """Return a rule whose bounds are open where they are NaN."""
    lows = np.full(like.shape, np.nan) if low is None else low
    highs = np.full(like.shape, np.nan) if high is None else high
    return Bound(rule, np.where(np.isnan(lows), -np.inf, lows), np.where(np.isnan(highs), np.inf, highs))
