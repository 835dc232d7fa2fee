"""What the clusters of a price test took on each day, from the purchases of its stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.experiments.currency_rates import CurrencyRates
from shopkeeper.experiments.question import USUAL_TAX, midnight
from shopkeeper.experiments.store_clocks import clock_of
from shopkeeper.pricing.house.records import FOREVER, Columns, number, sales_query, texts
from shopkeeper.pricing.shelf import Floats
from shopkeeper.quality.ports import Warehouse

_PACKAGE: Final = "shopkeeper.pricing.price_tests"
_DAYS_BEFORE: Final = 2
"""UTC days read before the first of a store's own."""


@dataclass(frozen=True, slots=True)
class Takings:
    """Sums of clusters by day, shape (clusters, days) each.

    Attributes:
        first: Day of the first column, by each store's own clock.
        units: Sold, less what came back.
        revenue: Without tax, after discounts, less returns; in the currency of the stores, or that of reports.
        margin, costed: Revenue less the goods' cost, and the revenue, of goods whose cost is known.
        returned: Money without tax that went back, of revenue before it did.
        foreign: Lines in another currency, which are left out.
    """

    first: date
    units: Floats
    revenue: Floats
    margin: Floats
    costed: Floats
    returned: Floats
    foreign: int = 0

    def of(self, metric: str) -> Floats:
        """Return a metric that is a sum, by its name in the catalogue."""
        return {"units": self.units, "revenue": self.revenue, "margin": self.margin}[metric]

    def between(self, start: date, days: int) -> Takings:
        """Return some days of it."""
        skip = (start - self.first).days
        cut = slice(skip, skip + days)
        return Takings(
            start, self.units[:, cut], self.revenue[:, cut], self.margin[:, cut], self.costed[:, cut],
            self.returned[:, cut], self.foreign,
        )  # fmt: skip


def read_takings(
    warehouse: Warehouse,
    stores: Sequence[Store],
    retail: Sequence[str],
    places: Mapping[tuple[str, str], int],
    clusters: int,
    first: date,
    days: int,
    at: datetime,
    *,
    rates: CurrencyRates | None = None,
) -> Takings:
    """Read what clusters took, returns until a moment included.

    Args:
        retail: Price lists of ordinary shoppers.
        places: Row of each store and product; what is not in it is left out.
        clusters: How many rows there are.
        days: From `first` on.
        rates: Bring the money of stores of several currencies into one; None = they have one.
    """
    sums, foreign = np.zeros((5, clusters, days)), 0
    for store in stores:
        rows, taxes = _sold(warehouse, store, retail, first, at)
        names, on = texts(rows, "product"), rows["day"].astype("datetime64[D]")
        tax = np.array([taxes.get(one, taxes.get(USUAL_TAX, 0.0)) for one in texts(rows, "tax_class")], np.float64)
        place = np.array([places.get((store.store, name), -1) for name in names], np.int64)
        day = (on - np.datetime64(first, "D")).astype(np.int64)
        inside = (place >= 0) & (day >= 0) & (day < days)
        units, net, back = number(rows, "units"), number(rows, "paid") / (1 + tax), number(rows, "returned") / (1 + tax)
        cost = number(rows, "cost")
        known = np.isfinite(cost)
        if rates is not None:
            worth = rates.worth(store.currency, (first + timedelta(days=one) for one in range(days)))
            money = np.array(worth)[np.clip(day, 0, days - 1)]
            net, back, cost = net * money, back * money, cost * money
        parts = (units, net, np.where(known, net - units * np.nan_to_num(cost), 0.0), np.where(known, net, 0.0), back)
        for table, part in zip(sums, parts, strict=True):
            np.add.at(table, (place[inside], day[inside]), part[inside])
        foreign += int(number(rows, "foreign_lines")[inside].sum())
    return Takings(first, sums[0], sums[1], sums[2], sums[3], sums[4], foreign)


def _sold(
    warehouse: Warehouse, store: Store, retail: Sequence[str], first: date, at: datetime
) -> tuple[Columns, Mapping[str, float]]:
    since = midnight(first - timedelta(days=_DAYS_BEFORE))
    clock = clock_of(store, since, at)
    lists = {f"list_{place}": name for place, name in enumerate(retail)}
    changes = {f"change_{place}": start for place, (start, _) in enumerate(clock.offsets[1:])}
    told: dict[str, Any] = {
        "store": store.store, "currency": store.currency, "since": since, "until": at, "known": FOREVER
    }  # fmt: skip
    found = sales_query(_PACKAGE, "sales_days", tuple(lists), clock)
    return warehouse.fetch(found, **told, **lists, **changes), clock.tax_rates
