"""Days that are added up once say what all rows say, whatever comes late, is erased or changes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import START, STORES, TEST, ShopLog, shop_log

from shopkeeper.commerce.tables import DECISIONS, EVENTS
from shopkeeper.engines.day_rows import FOLDER, expire_tests, folder_of
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.lake_measuring import LakeMeasuring
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.experiments.measuring import Asked, MeasuredTest, measured_of, rows_of_test
from shopkeeper.experiments.metric_file import shipped_metrics

AT = datetime(2026, 4, 3, 13, 30, tzinfo=UTC)


def asked(at: datetime) -> Asked:
    known = shipped_metrics()
    return Asked(
        test=TEST, at=at, known=known, metrics=known.of_units(), attribution_days=2.5, maturation_days=5, slow_ms=60.0,
        stores=STORES, products_shown=True, by_device=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose test was looked at once; a look over 48 days takes seconds. Nobody changes it."""
    folder = tmp_path_factory.mktemp("looked")
    lake_of(folder, shop_log(5))
    LakeMeasuring(folder / "lake").measure(asked(AT))
    return folder


@pytest.fixture
def shop(looked: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(looked, tmp_path / "shop")


def both(folder: Path, lake: Lake, at: datetime) -> tuple[MeasuredTest, MeasuredTest]:
    """Return what is measured day by day, and in one go."""
    warehouse = lake.warehouse()
    with rows_of_test(warehouse, asked(at)) as rows:
        whole = measured_of(rows)
    warehouse.close()
    return LakeMeasuring(folder / "lake").measure(asked(at)), whole


def assert_same(one: MeasuredTest, other: MeasuredTest) -> None:
    assert one.sums is not None
    assert other.sums is not None
    assert one.sums.crossed == other.sums.crossed
    assert len(one.sums.cells) == len(other.sums.cells) > 0
    for cell, twin in zip(one.sums.cells, other.sums.cells, strict=True):
        named = ("epoch", "variant", "store", "day", "matured", "machine", "newcomer", "units", "guests", "device")
        assert [getattr(cell, name) for name in named] == [getattr(twin, name) for name in named]
        for metric, sums in cell.sums.items():
            np.testing.assert_allclose(sums.totals, twin.sums[metric].totals, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(sums.products, twin.sums[metric].products, rtol=1e-9, atol=1e-9)
    assert {(s.epoch, s.variant, s.store): s for s in one.services} == {
        (s.epoch, s.variant, s.store): s for s in other.services
    }
    assert (one.shown, one.caps, one.newest) == (other.shown, other.caps, other.newest)


def added(folder: Path, lake: Lake, log: ShopLog) -> None:
    """Bring more rows into the lake."""
    writer = SegmentLog(folder / "log", "late")
    writer.append(EVENTS, [msgspec.json.encode(row) for row in log.events])
    writer.append(DECISIONS, [msgspec.json.encode(row) for row in log.decisions])
    writer.close()
    lake.compact()


def test_day_by_day_is_the_same_as_in_one_go_while_rows_come_late(tmp_path: Path) -> None:
    log = shop_log(7, 900, 250)
    early = ShopLog(log.events[:600], log.decisions[:170], log.verdicts)
    lake = lake_of(tmp_path, early)
    assert_same(*both(tmp_path, lake, AT))
    added(tmp_path, lake, ShopLog(log.events[600:], log.decisions[170:], ()))
    assert_same(*both(tmp_path, lake, AT + timedelta(minutes=2)))
    assert_same(*both(tmp_path, lake, AT + timedelta(days=3)))


def test_a_second_look_reads_no_day_again(shop: Path) -> None:
    before = {path.name for path in folder_of(shop / "lake", TEST).glob("*.parquet")}
    LakeMeasuring(shop / "lake").measure(asked(AT + timedelta(minutes=1)))
    assert {path.name for path in folder_of(shop / "lake", TEST).glob("*.parquet")} == before
    assert len(before) > 100


def test_an_erasure_deletes_what_is_kept_and_the_next_look_knows_nothing_of_the_person(shop: Path) -> None:
    lake = Lake(shop / "log", shop / "lake")
    lake.erase(Person(tuple(store.store for store in STORES), ("u1",), ("v2",), ()), grace_seconds=0)
    assert not (shop / "lake" / FOLDER).exists()
    assert_same(*both(shop, lake, AT))


def test_a_test_nobody_asks_about_loses_its_files_after_a_week(shop: Path) -> None:
    now = datetime.now(UTC)
    assert expire_tests(shop / "lake", now + timedelta(days=6)) == 0
    assert expire_tests(shop / "lake", now + timedelta(days=8)) == 1
    assert not folder_of(shop / "lake", TEST).exists()


def test_a_test_that_has_not_decided_yet_has_no_sums(tmp_path: Path) -> None:
    lake_of(tmp_path, ShopLog((), (), ()))
    assert LakeMeasuring(tmp_path / "lake").measure(asked(START)) == MeasuredTest(None, (), None, {}, None)
