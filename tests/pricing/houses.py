"""A small shop's records in a lake, for tests of what pricing reads from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import (
    COMPETITOR_PRICES,
    EVENT_COUNTS,
    EVENTS,
    INVENTORY,
    ORDERS,
    PRICES,
    PRODUCTS,
    USERS,
    TableSchema,
)
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.pricing.house.records import Records, read_records
from shopkeeper.quality.ports import Warehouse

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
"""First day of the shop: a Monday, four weeks before Berlin's clocks change."""
STORE = Store(
    store="de", country="DE", time_zone="Europe/Berlin", currency="EUR", tax_rates={"standard": 0.25, "books": 0.05}
)


class House:
    """Records that are written one by one, then read."""

    def __init__(self, folder: Path) -> None:
        self._log = SegmentLog(folder / "log", "test")
        self._lake = Lake(folder / "log", folder / "lake")
        self._count = 0

    def put(self, table: TableSchema, **row: Any) -> None:  # noqa: ANN401 - fields of the table
        """Write one row of a keyed table; its source time is that of its own clock, else the first day."""
        said = {"source_ts": row.get("ts", MONDAY), "deleted": False, "store": "de", **row}
        self._log.append(table, [msgspec.json.encode(said)])

    def product(self, name: str, **row: Any) -> None:  # noqa: ANN401 - fields of a product
        self.put(PRODUCTS, **{"product": name, "categories": ["Garden"], **row})

    def price(self, name: str, day: float, price: float, **row: Any) -> None:  # noqa: ANN401 - fields of a price
        self.put(PRICES, product=name, ts=MONDAY + timedelta(days=day), price=price, **row)

    def stock(self, name: str, day: float, units: float, **row: Any) -> None:  # noqa: ANN401 - fields of inventory
        self.put(INVENTORY, product=name, ts=MONDAY + timedelta(days=day), on_hand=units, **row)

    def rival(self, name: str, day: float, price: float, who: str = "rival", **row: Any) -> None:  # noqa: ANN401
        self.put(COMPETITOR_PRICES, product=name, ts=MONDAY + timedelta(days=day), competitor=who, price=price, **row)

    def sale(self, name: str, day: float, units: float = 1.0, price: float | None = 10.0, **row: Any) -> None:  # noqa: ANN401
        """Write a purchase, or what `type` says, so many days after the first."""
        self._count += 1
        moment = MONDAY + timedelta(days=day)
        said = {
            "event_id": f"e{self._count}", "ts": moment, "received_at": moment, "store": "de", "type": "purchase",
            "product": name, "quantity": units, "price": price, "user": "anna", **row,
        }  # fmt: skip
        self._log.append(EVENTS, [msgspec.json.encode(said)])

    def order(self, order_id: str, status: str) -> None:
        self.put(ORDERS, order_id=order_id, ts=MONDAY, status=status)

    def user(self, name: str, price_list: str) -> None:
        self.put(USERS, user=name, price_list=price_list)

    def counted(self, name: str, day: int, units: float) -> None:
        """Write purchases of shoppers who did not allow measurement."""
        row = {
            "count_id": f"c{name}{day}", "ts": MONDAY + timedelta(days=day), "store": "de", "type": "purchase",
            "product": name, "n": 1, "quantity": units,
        }  # fmt: skip
        self._log.append(EVENT_COUNTS, [msgspec.json.encode(row)])

    def warehouse(self) -> Warehouse:
        """Return a reader of everything written so far."""
        self._log.seal()
        self._lake.compact()
        return self._lake.warehouse()

    def records(self, days: float, retail: Sequence[str] = ("", "retail"), store: Store = STORE) -> Records:
        """Return what the store recorded before so many days after the first."""
        return read_records(self.warehouse(), store, retail, MONDAY + timedelta(days=days))

    def close(self) -> None:
        self._log.close()


def trade(house: House, weeks: int, products: int = 8, seed: int = 0) -> None:
    """Let products trade whose prices move by themselves: 40 units a week at 10.00, an elasticity of -2."""
    draw = np.random.default_rng(seed)
    for number in range(products):
        name = f"p{number}"
        house.product(name, cost=4.0, categories=["Garden" if number % 2 else "Kitchen"])
        for week in range(weeks):
            price = float(np.round(10 * np.exp(draw.choice([-0.15, 0.0, 0.15])), 2))
            house.price(name, 7 * week, price)
            house.stock(name, 7 * week, 500)
            units = int(draw.poisson(40 * (price / 10) ** -2))
            if units:
                house.sale(name, 7 * week + 3, units, price)
