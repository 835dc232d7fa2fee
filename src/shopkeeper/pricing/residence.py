"""What a price run leaves in memory: all that products are priced again by between runs, at its shadow prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.errors import NeedsWholeRun
from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.house.history import Pairs
from shopkeeper.pricing.house.kept_records import KeptRecords
from shopkeeper.pricing.house.standing import Reach
from shopkeeper.pricing.proposal import Beside, Feed, PriceKey
from shopkeeper.pricing.shelf import Flags
from shopkeeper.pricing.weekly_prices import WeeklyPrices
from shopkeeper.quality.local_days import zone_of

GOOD: Final = timedelta(hours=24)
"""How long a run is believed for prices between runs."""


@dataclass(frozen=True, slots=True)
class KeptStore:
    """One store of a run.

    Attributes:
        retail: Price list of ordinary shoppers.
        feeds: As they were.
    """

    store: Store
    retail: str
    records: KeptRecords
    feeds: tuple[Feed, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """How a price counts in the gates of a run.

    Attributes:
        money: It brings in a week, or the price itself.
        unknown: Whether it has no cost that is believed.
    """

    money: float
    unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """The prices of one currency as a run chose them together, with what they were chosen by.

    Attributes:
        at: Moment of the run.
        version: Of the model.
        policy_digest: Of the policy, without the freezes of calendars that `chosen.policy` has besides.
        consumer_prices: As in `standing_shelf.shelf_of`.
        reach: How far back standing prices look.
        stores: In the order of the shelf.
        chosen: What the run chose; `weekly` is there.
        weekly: The same.
        panel: Of `chosen.rows`.
        slopes, pairs, paid: Of all pairs of the history.
        weights: Of every price of the run.
        whole: What all prices of each store count together.
        doubted: Prices with rivals' prices that were left out: for their age, and as not believed.
    """

    at: datetime
    version: str
    policy_digest: str
    consumer_prices: float
    reach: Reach
    stores: tuple[KeptStore, ...]
    chosen: Chosen
    weekly: WeeklyPrices
    panel: PricePanel
    slopes: Elasticities
    pairs: Pairs
    paid: Flags
    weights: Mapping[PriceKey, Weight]
    whole: Mapping[str, Beside]
    doubted: Mapping[PriceKey, tuple[bool, bool]]

    def refuse_old(self, at: datetime) -> None:
        """Raise NeedsWholeRun where a day, or the end of a store's week, lies between the run and a moment."""
        if not timedelta() <= at - self.at <= GOOD:
            raise NeedsWholeRun(f"the last whole run is of {self.at:%Y-%m-%d %H:%M} UTC")
        for one in self.stores:
            zone = zone_of(one.store.time_zone)
            if at.astimezone(zone).isocalendar()[:2] != self.at.astimezone(zone).isocalendar()[:2]:
                raise NeedsWholeRun(f"a new week began in {one.store.store} after the last whole run")

    def about(self, products: Collection[str], stores: Collection[str]) -> list[set[str]]:
        """Return the products of each store that are priced again: those named, and what belongs together with them.

        Raises:
            NeedsWholeRun: a product is known in none of these stores.
        """
        shelf, coupling = self.chosen.standing.shelf, self.chosen.offer.coupling
        found = [
            {name for name in products if one.store.store in stores and name in one.records} for one in self.stores
        ]
        if strange := sorted(set(products) - set().union(*found)):
            raise NeedsWholeRun(f"{strange[0]} was not there at the last whole run")
        if coupling is not None:
            named = np.array([name in products for name in shelf.products], np.bool_)[shelf.product]
            meant = np.array([name in stores for name in shelf.stores], np.bool_)[shelf.store]
            for row in coupling.with_partners(np.flatnonzero(named & meant)).tolist():
                found[shelf.store[row]].add(shelf.products[shelf.product[row]])
        return found


def covering(held: Sequence[Residence], stores: Collection[str]) -> list[tuple[Residence, list[str]]]:
    """Return the residences some stores are in, each with its stores; of several the one that comes first.

    Raises:
        NeedsWholeRun: a store is in none.
    """
    there: dict[str, int] = {}
    for place, kept in enumerate(held):
        for one in kept.stores:
            there.setdefault(one.store.store, place)
    if missing := sorted(set(stores) - there.keys()):
        raise NeedsWholeRun(f"no whole run of {missing[0]} is in the memory of this worker")
    places = sorted({there[name] for name in stores})
    return [(held[place], [name for name in stores if there[name] == place]) for place in places]
