"""A store's records as they were read, kept so that those of a few products are at hand with what was told since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from shopkeeper.pricing.house.records import Columns, Records, naive, number, texts

_TABLES: Final = ("sales", "prices", "costs", "stock", "rivals", "products")
Places = Mapping[str, slice]


@dataclass(frozen=True, slots=True)
class KeptRecords:
    """The records of one store that its standing prices are told by.

    Attributes:
        records: As `without_past` leaves them.
        places: Table -> product -> its rows, which lie beside each other.
    """

    records: Records
    places: Mapping[str, Places]

    def __contains__(self, product: str) -> bool:
        return product in self.places["products"]

    def of_products(self, products: Collection[str], until: datetime) -> Records:
        """Return the records of some products, read up to `until`."""
        cut: dict[str, Any] = {name: _cut(getattr(self.records, name), self.places[name], products) for name in _TABLES}
        return replace(self.records, until=until, **cut)


def without_past(records: Records) -> Records:
    """Return the records of a store without what only its history is told by: of sales each product's last week."""
    return replace(records, sales=_last_sold(records.sales), counts={n: c[:0] for n, c in records.counts.items()})


def kept(records: Records) -> KeptRecords:
    """Return records so that a product's are at hand; each table lies in the order of products, as it was read."""
    return KeptRecords(records, {name: _places(getattr(records, name)) for name in _TABLES})


def with_rows(rows: Columns, told: Columns) -> Columns:
    """Return rows with some that were told later behind them."""
    return {name: np.concatenate([column, _like(told[name], column)]) for name, column in rows.items()}


def moments(values: Collection[datetime]) -> Any:  # noqa: ANN401 - an array of times
    """Return moments as a column."""
    return np.array([naive(one) for one in values], "datetime64[us]")


def _like(told: Any, column: Any) -> Any:  # noqa: ANN401 - arrays of any kind
    return told if object in (column.dtype, told.dtype) else told.astype(column.dtype)


def _last_sold(rows: Columns) -> Columns:
    """Return of each product the last week in which ordinary shoppers paid for it, else its last week."""
    names = rows["product"]
    paid = (number(rows, "wholesale") == 0) & np.isfinite(number(rows, "log_price"))
    ends = np.flatnonzero(np.append(names[1:] != names[:-1], True)[: len(names)])
    last = np.maximum.accumulate(np.where(paid, np.arange(len(names)), -1))[ends] if len(ends) else ends
    begins = np.append(0, ends[:-1] + 1)[: len(ends)]
    held = np.where(last >= begins, last, ends)
    return {name: column[held] for name, column in rows.items()}


def _places(rows: Columns) -> Places:
    names = texts(rows, "product")
    if not names:
        return {}
    column = np.array(names, dtype=object)
    begins = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    ends = np.append(begins[1:], len(names))
    return {names[one]: slice(one, end) for one, end in zip(begins.tolist(), ends.tolist(), strict=True)}


def _cut(rows: Columns, places: Places, products: Collection[str]) -> Columns:
    held = [place for name in products if (place := places.get(name)) is not None]
    if not held:
        return {name: column[:0] for name, column in rows.items()}
    at = np.concatenate([np.arange(place.start, place.stop) for place in held])
    return {name: column[at] for name, column in rows.items()}
