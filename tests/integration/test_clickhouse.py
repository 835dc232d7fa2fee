"""ClickHouse holds what the lake holds: every row once, nothing that was erased, newest rows first in line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
import pytest
from clickhouse_connect.driver.client import Client

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import EVENTS, PRODUCTS
from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery, Warehouse

pytestmark = pytest.mark.integration

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Shop:
    """A lake and the database that mirrors it."""

    def __init__(self, folder: Path, client: Client) -> None:
        self.folder = folder
        self.client = client
        self.lake = Lake(folder / "log", folder / "lake", grace_seconds=0)
        self.data = ClickHouseData(client, folder / "lake")
        self.data.prepare()
        self._logs = 0

    def log(self, *events: Event) -> None:
        self._append(lambda log: log.append(EVENTS, [msgspec.json.encode(event) for event in events]))

    def product(self, price: float, hours: float, *, deleted: bool = False) -> None:
        row = msgspec.to_builtins(Product(product="lamp", store="uk", price=price))
        row |= {"source_ts": (NOON + timedelta(hours=hours)).isoformat(), "deleted": deleted}
        self._append(lambda log: log.append(PRODUCTS, [msgspec.json.encode(row)]))

    def _append(self, write: Callable[[SegmentLog], None]) -> None:
        self._logs += 1
        log = SegmentLog(self.folder / "log", f"test-{self._logs}")
        write(log)
        log.close()
        self.lake.compact()

    def ids(self) -> list[str]:
        return list(column(self.data.warehouse(), "SELECT event_id FROM events ORDER BY event_id").tolist())

    def held(self) -> int:
        """Return how many rows lie on the disk, doubles included."""
        return int(self.client.query("SELECT count() FROM events_rows").result_rows[0][0])


def column(warehouse: Warehouse, text: str) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
    return next(iter(warehouse.fetch(NamedQuery("test", text)).values()))


def event(name: str, days: float = 0, user: str = "ann") -> Event:
    return Event(event_id=name, ts=NOON + timedelta(days=days), store="uk", type="view", user=user, product="lamp")


@pytest.fixture
def shop(tmp_path: Path, clickhouse: Callable[[], Client]) -> Shop:
    return Shop(tmp_path, clickhouse())


def test_a_load_sends_what_is_new_and_only_that(shop: Shop) -> None:
    shop.log(event("a"), event("b", days=1))
    assert shop.data.load() == {"events": 2}
    assert shop.data.load() == {}
    shop.log(event("c", days=1))
    assert shop.data.load() == {"events": 1}
    assert shop.ids() == ["a", "b", "c"]


def test_a_load_that_was_stopped_before_it_was_noted_shows_no_row_twice(shop: Shop) -> None:
    shop.log(event("a"), event("b", days=1))
    with (
        mock.patch.object(ClickHouseData, "_remember", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        shop.data.load()
    assert shop.data.load() == {"events": 2}
    assert shop.ids() == ["a", "b"]


def test_parts_that_were_merged_show_no_row_twice(shop: Shop) -> None:
    for number in range(12):
        shop.log(event(f"e{number:02}"))
        shop.data.load()
    assert shop.ids() == [f"e{number:02}" for number in range(12)]


def test_who_is_erased_from_the_lake_is_gone_from_the_disk_of_clickhouse_after_the_next_load(shop: Shop) -> None:
    shop.log(event("a"), event("b", user="bob"), event("c", days=1))
    shop.data.load()
    shop.lake.erase(Person(("uk",), ("ann",)), grace_seconds=0)
    shop.data.load()
    assert shop.ids() == ["b"]
    assert shop.held() == 1


def test_of_a_product_the_newest_row_shows_and_the_history_has_all(shop: Shop) -> None:
    shop.product(10, hours=1)
    shop.product(9, hours=0)
    shop.data.load()
    warehouse = shop.data.warehouse()
    assert column(warehouse, "SELECT price FROM products").tolist() == [10.0]
    assert column(warehouse, "SELECT count(*) AS n FROM products_history").tolist() == [2]
    shop.product(10, hours=2, deleted=True)
    shop.data.load()
    assert column(warehouse, "SELECT count(*) AS n FROM products").tolist() == [0]


def test_times_outside_of_clickhouses_own_dates_come_back_exactly(shop: Shop) -> None:
    early, late = datetime(1805, 5, 5, 5, 5, 5, 5, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    times = [early, NOON, late]
    shop.log(*(Event(event_id=f"e{n}", ts=at, store="uk", type="view") for n, at in enumerate(times)))
    shop.data.load()
    found = column(shop.data.warehouse(), "SELECT ts FROM events ORDER BY ts")
    assert found.tolist() == [moment.replace(tzinfo=None) for moment in times]
    assert found.dtype == np.dtype("datetime64[us]")


def test_the_laws_of_the_ports_columns_hold(shop: Shop) -> None:
    shop.log(event("a"))
    shop.data.load()
    warehouse = shop.data.warehouse()
    query = NamedQuery("test", "SELECT event_id, session, position, price, ts, count(*) AS n FROM events "
                       "WHERE store = $store GROUP BY event_id, session, position, price, ts")  # fmt: skip
    row = warehouse.fetch(query, store="uk")
    assert (row["event_id"].tolist(), row["session"].tolist(), row["n"].tolist()) == (["a"], [None], [1])
    assert [row[name].dtype.kind for name in row] == ["O", "O", "f", "f", "M", "i"]
    assert np.isnan(row["price"].astype(np.float64)).all()
    empty = warehouse.fetch(query, store="nowhere")
    assert {name: len(values) for name, values in empty.items()} == dict.fromkeys(row, 0)
    assert list(empty) == list(row)
    assert empty["ts"].dtype == row["ts"].dtype


def test_preparing_again_brings_a_column_that_came_to_the_contract_later(shop: Shop) -> None:
    shop.client.command("ALTER TABLE events_rows DROP COLUMN referrer")
    shop.data.prepare()
    shop.log(event("a"))
    shop.data.load()
    assert column(shop.data.warehouse(), "SELECT referrer FROM events").tolist() == [None]


def test_relations_that_are_kept_stay_as_they_were_and_are_gone_afterwards(shop: Shop) -> None:
    shop.log(event("a"), event("b", 1))
    shop.data.load()
    warehouse = shop.data.warehouse()
    seen = Relation("seen", "SELECT event_id FROM events WHERE ts >= $since", {"since": NOON + timedelta(hours=12)})
    counted = Relation("counted", "SELECT count(*) AS n FROM seen", {})
    with warehouse.keeping([seen, counted]) as kept:
        shop.log(event("c", 2))
        shop.data.load()
        assert list(column(kept, "SELECT n + 0 FROM counted")) == [1]
        assert list(column(kept, "SELECT event_id FROM seen")) == ["b"]
        assert list(column(kept, "SELECT count(*) FROM events")) == [3]
    with pytest.raises(Unavailable):
        column(warehouse, "SELECT event_id FROM seen")
    with pytest.raises(ZeroDivisionError), warehouse.keeping([seen]) as kept:
        raise ZeroDivisionError
    with pytest.raises(Unavailable):
        column(kept, "SELECT event_id FROM seen")
