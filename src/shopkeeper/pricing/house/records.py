"""What a store's records hold, read by named queries: columns as they lie there, before anything is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.experiments.question import StoreClock, filled
from shopkeeper.experiments.store_clocks import clock_of
from shopkeeper.pricing.shelf import Floats, Ints
from shopkeeper.quality.ports import NamedQuery, Warehouse

Columns = dict[str, npt.NDArray[np.generic]]
_PACKAGE: Final = "shopkeeper.pricing.house"
FOREVER: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Later than anything that is recorded."""
ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Earlier than anything that is recorded."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one store, up to a moment.

    Attributes:
        store: The store; `clock` its wall clock and the tax rates inside its prices.
        until: Nothing from then on was read.
        first, last: Moments of the first and last purchase, UTC; None = there is none.
        sales, counts, prices, costs, stock, rivals, products: Columns of the query of that name.
    """

    store: Store
    clock: StoreClock
    until: datetime
    first: datetime | None
    last: datetime | None
    sales: Columns
    counts: Columns
    prices: Columns
    costs: Columns
    stock: Columns
    rivals: Columns
    products: Columns

    def local(self, moments: npt.NDArray[np.generic]) -> Ints:
        """Return UTC times as microseconds by the store's wall clock."""
        micros = moments.astype("datetime64[us]").astype(np.int64)
        starts = np.array([micros_of(start) for start, _ in self.clock.offsets], np.int64)
        ahead = np.array([seconds for _, seconds in self.clock.offsets], np.int64) * 1_000_000
        place = np.maximum(np.searchsorted(starts, micros, side="right") - 1, 0)
        return np.asarray(micros + ahead[place])

    @property
    def now(self) -> int:
        """The moment up to which was read, by the store's wall clock."""
        return int(self.local(np.array([naive(self.until)], "datetime64[us]"))[0])

    def tax(self, tax_class: str) -> float:
        """Return the rate of the tax inside the store's prices; a class without a rate has the standard one."""
        rates = self.clock.tax_rates
        return rates.get(tax_class or "standard", rates.get("standard", 0.0))


def read_records(
    warehouse: Warehouse, store: Store, retail: Sequence[str], until: datetime, known: datetime | None = None
) -> Records:
    """Read what a store recorded before `until` and had taken in at the moment `known`; None = whatever is there.

    Args:
        retail: Price lists of ordinary shoppers; purchases of others are told apart.
    """
    told: dict[str, Any] = {"store": store.store, "until": until, "known": known or FOREVER}
    span = warehouse.fetch(query("span"), **told)
    sold = bool(span["purchases"][0])
    first, last = (aware(span[name][0]) if sold else None for name in ("first_ts", "last_ts"))
    clock = clock_of(store, first or until, last or until)
    lists = {f"list_{place}": name for place, name in enumerate(retail)}
    changes = {f"change_{place}": start for place, (start, _) in enumerate(clock.offsets[1:])}
    sales = sales_query(_PACKAGE, "sales", tuple(lists), clock)
    return Records(
        store, clock, until, first, last,
        sales=warehouse.fetch(sales, currency=store.currency, since=ALWAYS, **lists, **changes, **told),
        counts=warehouse.fetch(query("counts"), store=store.store, until=until),
        prices=warehouse.fetch(query("prices"), **told),
        costs=warehouse.fetch(query("costs"), store=store.store),
        stock=warehouse.fetch(query("stock"), **told),
        rivals=warehouse.fetch(query("rivals"), **told),
        products=warehouse.fetch(query("products"), store=store.store),
    )  # fmt: skip


def query(name: str, **parts: str) -> NamedQuery:
    """Return a query of this package, with what is put into its braces."""
    return query_of(_PACKAGE, name, **parts)


def query_of(package: str, name: str, **parts: str) -> NamedQuery:
    """Return a query of a package, with what is put into its braces."""
    return NamedQuery(f"{package}/{name}", filled(NamedQuery.load(package, name).text, **parts))


def sales_query(package: str, name: str, lists: Sequence[str], clock: StoreClock) -> NamedQuery:
    """Return a query over the lines people bought and gave back, `sale_lines.sql`.

    Args:
        lists: Names of the parameters that hold the price lists of ordinary shoppers.
    """
    retail, lines = ", ".join(f"${one}" for one in lists), NamedQuery.load(_PACKAGE, "sale_lines").text
    return query_of(package, name, retail=retail, local=local_moment(clock), lines=lines)


def local_moment(clock: StoreClock) -> str:
    """Return SQL of a sale's moment by the store's wall clock; `$change_N` are the moments at which that changed."""
    shifted = [f"e.sale_ts {'-' if ahead < 0 else '+'} INTERVAL {abs(ahead)} SECOND" for _, ahead in clock.offsets]
    cases = "".join(f" WHEN e.sale_ts < $change_{place} THEN {text}" for place, text in enumerate(shifted[:-1]))
    return f"CASE{cases} ELSE {shifted[-1]} END" if cases else shifted[-1]


def number(columns: Columns, name: str) -> Floats:
    """Return a column as numbers, NaN where missing."""
    values = columns[name]
    if values.dtype == object:
        return np.array([np.nan if one is None else float(one) for one in values], np.float64)
    return values.astype(np.float64)


def texts(columns: Columns, name: str) -> list[str]:
    """Return a column as texts, empty where missing."""
    return ["" if one is None else str(one) for one in columns[name]]


def naive(moment: datetime) -> datetime:
    """Return a moment in UTC without its offset, as arrays of times hold it."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def aware(moment: np.datetime64) -> datetime:
    """Return a time of an array with its offset, UTC."""
    found: datetime = moment.astype("datetime64[us]").item()
    return found.replace(tzinfo=UTC)


def micros_of(moment: datetime) -> int:
    """Return a moment in UTC as microseconds since 1970."""
    return int(np.datetime64(naive(moment), "us").astype(np.int64))
