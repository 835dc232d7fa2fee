"""Stock: what arrives, what is bought, what a season or two weeks leave to be thrown away; alike for all policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.simulation.prices.catalogue import Catalogue
from shopkeeper.simulation.prices.plan import SupplyPlan
from shopkeeper.simulation.prices.ports import Floats, Integers

SEASON: Final = 26
"""Weeks a seasonal product is sold before it is bought anew."""
REVIEW: Final = 8
"""Weeks whose sales tell how much to order."""
FRESH_SAFETY: Final = 0.3
"""Weeks of sales of a perishable kept beyond the coming week's."""
DAYS: Final = 7


@dataclass(slots=True)
class Stock:
    """What the shops hold, changed week by week.

    Attributes:
        on_hand: Shape (pairs,).
        under_way: By weeks until it arrives, shape (lead weeks, pairs).
        fresh: Arrived at the last delivery.
    """

    on_hand: Integers
    under_way: Integers
    fresh: Integers

    def copy(self) -> Stock:
        """Return the same, to be changed alone."""
        return Stock(self.on_hand.copy(), self.under_way.copy(), self.fresh.copy())

    def arrive(self) -> None:
        """Take in what is due at the beginning of a week."""
        self.fresh = self.under_way[0].copy()
        self.on_hand = self.on_hand + self.fresh
        self.under_way = np.vstack([self.under_way[1:], np.zeros_like(self.fresh)])


@dataclass(frozen=True, slots=True)
class Buying:
    """How the shops buy.

    Attributes:
        season_units: Bought of a seasonal product at the beginning of its season, 0 for others.
    """

    plan: SupplyPlan
    catalogue: Catalogue
    season_units: Integers

    def opening(self) -> Stock:
        """Return the stock a market begins with."""
        shelf, plan = self.catalogue.shelf, self.plan
        usual = self.catalogue.volume * (shelf.lead_weeks + plan.safety)
        left = self.weeks_left(0) / SEASON
        on_hand = np.where(shelf.seasonal, self.season_units * np.where(shelf.seasonal, left, 0), usual)
        empty = np.zeros((plan.lead_weeks, shelf.pairs), dtype=np.int64)
        return Stock(np.ceil(on_hand).astype(np.int64), empty, np.zeros(shelf.pairs, dtype=np.int64))

    def weeks_left(self, week: int) -> Floats:
        """Return the weeks, this one included, until the season ends; infinite for what has none."""
        left = SEASON - (week + self.catalogue.season_phase) % SEASON
        return np.where(self.catalogue.shelf.seasonal, left.astype(np.float64), np.inf)

    def close(self, stock: Stock, week: int, units: Integers, in_stock: Floats) -> Integers:
        """End a week: throw away, order, begin new seasons; return the units thrown away.

        Args:
            units: Sold in the weeks so far, this one included, shape (weeks, pairs).
            in_stock: Share of each week in stock.
        """
        shelf = self.catalogue.shelf
        ends = shelf.seasonal & (self.weeks_left(week) == 1)
        old = np.where(shelf.perishable, np.maximum(0, stock.on_hand - stock.fresh), 0)
        wasted = np.where(ends, stock.on_hand, old)
        stock.on_hand = np.where(ends, self.season_units, stock.on_hand - wasted)
        recent_units, recent_share = units[-REVIEW:].sum(axis=0), in_stock[-REVIEW:].sum(axis=0)
        rate = np.where(recent_share > 0, recent_units / np.maximum(recent_share, 1 / DAYS), self.catalogue.volume)
        cover = np.where(shelf.perishable, 1 + FRESH_SAFETY, shelf.lead_weeks + self.plan.safety)
        wanted = np.ceil(rate * cover + np.sqrt(rate * cover)).astype(np.int64)
        order = np.maximum(0, wanted - stock.on_hand - stock.under_way.sum(axis=0))
        order = np.where(shelf.seasonal, 0, order)
        stock.under_way[shelf.lead_weeks - 1, np.arange(shelf.pairs)] += order
        return np.asarray(wasted)


def make_buying(plan: SupplyPlan, catalogue: Catalogue, rng: np.random.Generator) -> Buying:
    """Draw how much is bought of seasonal products; the buyer errs, and buys on the safe side."""
    over, error = plan.overbuy
    units = SEASON * catalogue.volume * over * np.exp(rng.normal(0, error, len(catalogue.volume)))
    return Buying(plan, catalogue, np.where(catalogue.shelf.seasonal, np.ceil(units), 0).astype(np.int64))


def days_in_stock(demanded: Integers, on_hand: Integers) -> Floats:
    """Return the share of a week, in sevenths, until stock ran out under an even demand."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(demanded > on_hand, np.floor(DAYS * on_hand / demanded) / DAYS, 1.0)
    return np.where(on_hand > 0, np.maximum(share, 1 / DAYS), 0.0)
