"""Stock that has an end: a season, a shelf life, the last day a product is sold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.constraints import FLOORS
from shopkeeper.pricing.rules.offer import Offer
from shopkeeper.pricing.shelf import Floats, Ints, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Stock that has an end, each array of shape (pairs,).

    Attributes:
        weeks: Weeks it can still be sold in, the coming one among them; 0 = it has no end.
        on_hand: Units there are.
        salvage: What a unit left at the end brings; below 0 = it costs to be rid of it.
        holding: What a unit left costs a week.
        floor: Least price of the later weeks without tax, 0 where there is none.
        falling: Whether prices may only fall, as shoppers expect of a clearance.
    """

    weeks: Ints
    on_hand: Floats
    salvage: Floats
    holding: Floats
    floor: Floats
    falling: bool = True

    def rows(self) -> Ints:
        """Return the prices whose stock has an end."""
        return np.flatnonzero((self.weeks > 0) & np.isfinite(self.on_hand) & (self.on_hand >= 1))

    def of_prices(self, rows: Ints) -> Ending:
        """Return the stock of some prices."""
        cut = {name: getattr(self, name)[rows] for name in ("weeks", "on_hand", "salvage", "holding", "floor")}
        return replace(self, **cut)

    def capped(self, stock: Floats) -> Floats:
        """Return what can be sold in the week of each price, no more than there is where stock has an end."""
        found, rows = stock.copy(), self.rows()
        found[rows] = np.minimum(found[rows], self.on_hand[rows])
        return found


def ending_of(policy: PricePolicy, shelf: Shelf, offer: Offer, days: Floats, on_hand: Floats) -> Ending:
    """Return which stock of a shelf has an end that the policy looks ahead to.

    Args:
        offer: Of the shelf; its floors hold in the later weeks too.
        days: Until each product is sold no more, infinite or NaN where it has no end, shape (pairs,).
        on_hand: Units there are, NaN where unknown: such stock has no end.
    """
    clearance, cost = policy.clearance, np.nan_to_num(shelf.accepted_cost)
    weeks = np.ceil(np.where(np.isfinite(days) & (days > 0), days, np.inf) / 7)
    floor = np.zeros(shelf.pairs)
    for bound in offer.bounds:
        if bound.rule in FLOORS:
            floor = np.maximum(floor, bound.low)
    return Ending(
        weeks=np.where(weeks <= clearance.weeks, weeks, 0).astype(np.int64), on_hand=on_hand,
        salvage=clearance.salvage * cost, holding=clearance.holding * cost, floor=floor / (1 + shelf.tax),
        falling=clearance.falling,
    )  # fmt: skip
