"""The SQL compiled from feature definitions gives the same values on ClickHouse as on DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from clickhouse_connect.driver.client import Client

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES, TRAFFIC_VERDICTS, USERS
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.features.kinds import ENTITIES, EntityName
from shopkeeper.features.ports import Columns
from shopkeeper.features.sql import as_of_sql
from shopkeeper.features.sql_sums import seen_sql, sums_of, sums_sql
from shopkeeper.features.sql_training import training_sql
from shopkeeper.quality.ports import NamedQuery, Warehouse

# The transport is other tests' matter; ClickHouse's own code in this process, or a server that is named, will do.
pytestmark = [
    pytest.mark.integration,
    pytest.mark.parametrize("clickhouse", ["in process", "server"], indirect=True, scope="session"),
]

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
TYPES: tuple[EventType, ...] = ("impression", "view", "click", "search", "cart", "remove", "purchase", "refund")


@dataclass(frozen=True, slots=True)
class Pair:
    """The same rows on both engines."""

    duckdb: Warehouse
    clickhouse: Warehouse


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, clickhouse: Callable[[], Client]) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("features")
    lake = Lake(folder / "log", folder / "lake")
    fill(folder / "log")
    lake.compact()
    data = ClickHouseData(clickhouse(), folder / "lake")
    data.prepare()
    data.load()
    duckdb = lake.warehouse()
    yield Pair(duckdb, data.warehouse())
    duckdb.close()


def fill(log: Path) -> None:
    """Write events with and without every field, at midnights too, verdicts on some, and records of several ages."""
    rng = np.random.default_rng(11)
    writer = SegmentLog(log, "test")
    events = []
    for number in range(300):
        shift = timedelta(microseconds=int(rng.integers(1, 95 * 86_400_000_000)))
        ts = NOON - shift if number % 10 else (NOON - shift).replace(hour=0, minute=0, second=0, microsecond=0)
        events.append(
            Event(
                event_id=f"e{number}",
                ts=ts,
                store=("uk", "ie", "de")[number % 3],
                type=TYPES[int(rng.integers(len(TYPES)))],
                user=(None, "ann", "bö鍵b")[number % 7 % 3],
                session=(None, "s1", "s2")[number % 5 % 3],
                product=(None, "lamp", "rug")[number % 11 % 3],
                quantity=None if number % 4 else 2.5,
                price=None if number % 6 == 0 else round(float(rng.random() * 50), 2),
                consent=Consent(personalise=bool(number % 2)) if number % 13 == 0 else None,
                traffic="declared_bot" if number % 17 == 0 else "human",
            )
        )
    writer.append(EVENTS, [msgspec.json.encode(event) for event in events])
    machines = {event.ts.date(): event for event in events if event.session == "s1" and event.ts.day % 3 == 0}
    verdicts = [
        TrafficVerdict(store=one.store, ts=datetime(day.year, day.month, day.day, tzinfo=UTC), kind="session",
                       subject="s1", rule="test")
        for day, one in machines.items()
    ]  # fmt: skip
    writer.append(TRAFFIC_VERDICTS, [msgspec.json.encode(verdict) for verdict in verdicts])
    stores = [Store(store="uk", customer_group="islands"), Store(store="ie", customer_group="islands"),
              Store(store="de", consent_default=Consent(personalise=False))]  # fmt: skip
    records = [
        *((STORES, store, 99) for store in stores),
        (PRODUCTS, Product(product="lamp", price=10.0, brand="Lüx", categories=("home > light", "gifts")), 50),
        (PRODUCTS, Product(product="lamp", store="uk", price=11.0, created_at=NOON - timedelta(days=60)), 2),
        (PRODUCTS, Product(product="rug", price=5.0, categories=("rugs",)), 1),
        (USERS, User(user="ann", age_band="30-39", created_at=NOON - timedelta(days=400)), 3),
    ]
    for table, row, age in records:
        document = {**msgspec.to_builtins(row), "source_ts": NOON - timedelta(days=age), "deleted": False}
        writer.append(table, [msgspec.json.encode(document)])
    writer.close()


def whole(entity: EntityName, sql: str, *more: str, seen: str = "1 = 1") -> NamedQuery:
    """Return one query of it all: the day tables it reads are made on the way."""
    parts = [
        f"past AS ({seen_sql()})",
        f"seen AS ({seen_sql(seen)})",
        *(f"{table.name} AS ({sums_sql(table, 'past')})" for table in sums_of(entity)),
        *more,
    ]
    return NamedQuery(entity, f"WITH {', '.join(parts)}, {sql.removeprefix('WITH ')}")


def assert_same(pair: Pair, query: NamedQuery, keys: tuple[str, ...], **parameters: object) -> None:
    left, right = (_ordered(one.fetch(query, **parameters), keys) for one in (pair.duckdb, pair.clickhouse))
    assert list(left) == list(right)
    assert len(left[keys[0]]) > 0
    for name, values in left.items():
        if values.dtype.kind in "fi":
            np.testing.assert_allclose(values.astype(float), right[name].astype(float), rtol=1e-9, err_msg=name)
        else:
            assert values.tolist() == right[name].tolist(), name


def _ordered(columns: Columns, keys: tuple[str, ...]) -> Columns:
    order = sorted(range(len(columns[keys[0]])), key=lambda row: [columns[key][row] for key in keys])
    return {name: values[order] for name, values in columns.items()}


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_features_of_everyone_at_a_cutoff_are_the_same(pair: Pair, entity: EntityName) -> None:
    today = "e.ts >= CAST(CAST($at AS DATE) AS TIMESTAMP) AND e.ts < $at"
    assert_same(pair, whole(entity, as_of_sql(entity), seen=today), ENTITIES[entity].keys, at=NOON)


@pytest.mark.parametrize("entity", ENTITIES)
def test_training_rows_are_the_same(pair: Pair, entity: EntityName) -> None:
    asked = [
        (number, store, user, session, product, NOON - timedelta(hours=17 * number))
        for number, (store, user, session, product) in enumerate(
            (store, user, session, product)
            for store in ("uk", "de")
            for user, session in (("ann", "s1"), ("bö鍵b", "s2"), ("nobody", "s9"))
            for product in ("lamp", "rug")
        )
    ]
    rows = " UNION ALL ".join(
        f"SELECT {number} AS example, '{store}' AS store, '{user}' AS user_id, '{session}' AS session_id, "
        f"'{product}' AS product, $at{number} AS moment"
        for number, store, user, session, product, _ in asked
    )
    moments = {f"at{row[0]}": row[-1] for row in asked}
    assert_same(pair, whole(entity, training_sql(entity), f"examples AS ({rows})"), ("example",), **moments)
