"""Feature tables follow the lake: each day is summed once, again when its events change, and reads equal online."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES, TRAFFIC_VERDICTS, USERS, TableSchema
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import InputError
from shopkeeper.features.kinds import ENTITIES
from shopkeeper.features.online import OnlineFeatures
from shopkeeper.features.ports import Example, Refreshed

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
UK = Store(store="uk", customer_group="islands")
DAY = timedelta(days=1)


def event(number: int, ts: datetime, **fields: Any) -> Event:  # noqa: ANN401
    return Event(
        event_id=f"e{number}", ts=ts, store="uk", **{"type": "view", "product": "lamp", "user": "ann"} | fields
    )


class Shop:
    """A log, a lake and its features."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = Lake(folder / "log", folder / "lake")
        self.store = FeatureStore(folder / "lake")
        self.keyed(STORES, UK, NOON - 100 * DAY)

    def log(self, *events: Event) -> None:
        self._append(EVENTS, *(msgspec.json.encode(one) for one in events))

    def keyed(self, table: TableSchema, row: msgspec.Struct, source_ts: datetime, deleted: bool = False) -> None:
        document = {**msgspec.to_builtins(row), "source_ts": source_ts, "deleted": deleted}
        self._append(table, msgspec.json.encode(document))

    def judge(self, session: str, day: datetime) -> None:
        midnight = day.replace(hour=0)
        verdict = TrafficVerdict(store="uk", ts=midnight, kind="session", subject=session, rule="behaviour.rate")
        self._append(TRAFFIC_VERDICTS, msgspec.json.encode(verdict))

    def views(self, product: str) -> object:
        return (self.store.read("product", "islands", [product], NOON) or {})["product_views_7d"]

    def _append(self, table: TableSchema, *rows: bytes) -> None:
        writer = SegmentLog(self.folder / "log", "test")
        writer.append(table, rows)
        writer.close()
        self.lake.compact()

    def refresh(self, at: datetime = NOON) -> Refreshed:
        return self.store.refresh(at)

    def files(self) -> dict[str, float]:
        return {path.name: path.stat().st_mtime_ns for path in (self.folder / "lake/features").rglob("*.parquet")}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_backfill_then_a_day_touches_only_that_day(shop: Shop) -> None:
    shop.log(*(event(number, NOON - number * DAY) for number in range(1, 6)))
    assert shop.refresh().days_done == 5
    sums = {name for name in shop.files() if name.startswith("user_days")}
    shop.log(event(6, NOON))
    again = shop.refresh(NOON + DAY)
    assert (again.days_done, again.days_reopened) == (1, 0)
    assert sums < set(shop.files())
    assert shop.store.read("user", "islands", ["ann"], NOON + DAY) is not None


def test_refreshing_twice_changes_nothing(shop: Shop) -> None:
    shop.log(event(1, NOON - DAY), event(2, NOON - timedelta(hours=1)))
    shop.refresh()
    before = shop.store.table("user")
    second = shop.refresh()
    assert (second.days_done, second.rows) == (0, {"user": 1, "product": 1, "store_product": 1})
    after = shop.store.table("user")
    assert all(np.array_equal(before[name], after[name], equal_nan=before[name].dtype.kind == "f") for name in before)


def test_a_late_event_reopens_its_day(shop: Shop) -> None:
    shop.log(event(1, NOON - 3 * DAY), event(2, NOON - DAY))
    shop.refresh()
    shop.log(event(3, NOON - 3 * DAY + timedelta(hours=1), received_at=NOON))
    again = shop.refresh()
    assert again.days_reopened == 1
    found = shop.store.read("user", "islands", ["ann"], NOON)
    assert found is not None
    assert found["user_views_7d"] == 3.0


def test_a_verdict_that_comes_later_reopens_its_day_and_takes_the_machine_out(shop: Shop) -> None:
    shop.log(*(event(n, NOON - DAY, user="bot", session="machine") for n in range(3)), event(4, NOON - DAY))
    shop.log(event(5, NOON - 3 * DAY, session="machine"))
    shop.refresh()
    assert shop.views("lamp") == 5.0
    shop.judge("machine", NOON - DAY)
    again = shop.refresh()
    assert (again.days_done, again.days_reopened) == (2, 1)
    assert shop.views("lamp") == 5.0 - 3.0  # the same session on another day is another matter
    assert shop.store.read("user", "islands", ["bot"], NOON) is None
    assert shop.refresh().days_done == 0


def test_a_verdict_on_the_day_of_an_example_holds_for_it(shop: Shop) -> None:
    shop.log(event(1, NOON - timedelta(hours=1), session="machine"), event(2, NOON - timedelta(hours=2)))
    shop.judge("machine", NOON)
    rows = shop.store.training_rows("product", [Example("uk", NOON, product="lamp")])
    assert rows["product_views_1d"].tolist() == [1.0]
    assert shop.views("lamp") == 1.0


def test_an_erased_person_leaves_the_tables_and_the_files(shop: Shop) -> None:
    shop.log(event(1, NOON - DAY), event(2, NOON - DAY, user="bob", type="purchase"))
    shop.refresh()
    shop.lake.erase(Person(("uk",), ("bob",)))
    shop.store.refresh(NOON, purge=True)
    assert shop.store.table("user")["user_id"].tolist() == ["ann"]
    content = b"".join(path.read_bytes() for path in (shop.folder / "lake/features").rglob("*.parquet"))
    assert b"bob" not in content
    assert b"ann" in content


def test_the_lake_and_its_compaction_leave_features_alone(shop: Shop) -> None:
    shop.log(event(1, NOON - DAY))
    shop.refresh()
    before = shop.files()
    shop.lake.compact()
    assert shop.files() == before


def test_every_read_equals_the_online_read_of_the_same_events(shop: Shop) -> None:
    rng = np.random.default_rng(7)
    types = ("impression", "view", "click", "search", "cart", "remove", "purchase", "refund")
    events = [
        event(
            number,
            NOON - timedelta(microseconds=int(rng.integers(1, 95 * 86_400_000_000))),
            type=str(rng.choice(types)),
            user=str(rng.choice(["ann", "bob"])),
            session=f"s{number % 7}",
            product=str(rng.choice(["lamp", "rug"])),
            quantity=float(rng.integers(1, 4)),
            price=float(rng.random() * 100),
        )
        for number in range(400)
    ]
    shop.log(*events)
    shop.refresh()
    live = OnlineFeatures({"uk": UK}.get)
    for one in events:
        live.observe(one)
    for entity, ids in {"user": ["bob"], "product": ["rug"], "user_product": ["ann", "lamp"], "session": ["s3"],
                        "store_product": ["lamp"]}.items():  # fmt: skip
        scope = "islands" if ENTITIES[entity].scope == "customer_group" else "uk"  # type: ignore[index]
        found = shop.store.read(entity, scope, ids, NOON) or {}  # type: ignore[arg-type]
        for name, value in live.read(entity, scope, ids, NOON).items():  # type: ignore[arg-type]
            other = found.get(name)
            same = (
                math.isclose(value, other, rel_tol=1e-9)
                if isinstance(value, float) and isinstance(other, float)
                else value == other
            )
            assert same, (name, value, other)


def test_a_training_row_stands_in_the_place_of_its_example_and_knows_only_what_was(shop: Shop) -> None:
    shop.log(*(event(number, NOON - number * DAY, type="purchase", price=10.0 * number) for number in range(1, 4)))
    examples = [Example("uk", NOON - shift * DAY, user="ann") for shift in (0, 3, 2)]
    rows = shop.store.training_rows("user", examples)
    assert rows["user_purchases_7d"].tolist() == [3.0, 0.0, 1.0]
    assert rows["user_mean_purchase_price_90d"].tolist()[0] == pytest.approx((10 + 20 + 30) / 3)
    assert np.isnan(rows["user_mean_purchase_price_90d"][1])
    assert rows["user_last_purchase_age"].tolist()[2] == 1.0


def test_prices_are_those_of_before_and_lasting_words_hold_from_the_first_record_on(shop: Shop) -> None:
    for price, day in ((10.0, 5), (12.0, 2)):
        lamp = Product(product="lamp", price=price, brand="Lux", categories=("home > light", "gifts"))
        shop.keyed(PRODUCTS, lamp, NOON - day * DAY)
    shop.keyed(USERS, User(user="ann", age_band="30-39", created_at=NOON - 10 * DAY), NOON - DAY)
    examples = [Example("uk", NOON - day * DAY, user="ann", product="lamp") for day in (6, 5, 3, 0)]
    rows = shop.store.training_rows("store_product", examples)
    assert [None if np.isnan(price) else price for price in rows["store_product_price"]] == [None, None, 10.0, 12.0]
    assert rows["store_product_brand"].tolist() == ["Lux"] * 4
    assert rows["store_product_top_category"].tolist() == ["home"] * 4
    rows = shop.store.training_rows("user", examples)
    assert rows["user_age_band"].tolist() == ["30-39"] * 4
    assert rows["user_created_age"].tolist() == [4.0, 5.0, 7.0, 10.0]


def test_a_withdrawn_record_says_nothing_from_then_on(shop: Shop) -> None:
    shop.keyed(PRODUCTS, Product(product="lamp", price=10.0, brand="Lux"), NOON - 5 * DAY)
    shop.keyed(PRODUCTS, Product(product="lamp"), NOON - 2 * DAY, deleted=True)
    examples = [Example("uk", NOON - day * DAY, product="lamp") for day in (3, 1)]
    assert shop.store.training_rows("store_product", examples)["store_product_brand"].tolist() == ["Lux", None]


def test_a_store_that_joins_a_group_has_everything_summed_again(shop: Shop) -> None:
    shop.log(event(1, NOON - DAY))
    shop.refresh()
    shop.keyed(STORES, Store(store="uk", customer_group="europe"), NOON)
    assert shop.refresh().days_done == 1
    assert shop.store.table("user")["scope"].tolist() == ["europe"]


def test_an_example_without_the_id_it_needs_is_refused_by_its_number(shop: Shop) -> None:
    with pytest.raises(InputError, match="Example 1 has no user_id"):
        shop.store.training_rows("user", [Example("uk", NOON, user="ann"), Example("uk", NOON)])


def test_nothing_is_known_of_a_stranger_and_of_an_empty_lake(shop: Shop) -> None:
    assert shop.refresh().rows == {"user": 0, "product": 0, "store_product": 0}
    assert shop.store.read("user", "islands", ["ann"], NOON) is None
