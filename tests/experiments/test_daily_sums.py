"""A metric by days since exposure is what the rows of each followed shopper add up to, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.experiments.reference_sums import on_each_day
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import START, STORES, TEST, ShopLog, shop_log
from tests.experiments.test_metric_sums import question

from shopkeeper.experiments.daily_sums import DailySums, Followed, followed_days, read_daily
from shopkeeper.experiments.measuring import Asked, rows_of_test
from shopkeeper.experiments.metric_file import shipped_metrics
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.ports import KeepingWarehouse

AT = datetime(2026, 4, 6, 13, 30, tzinfo=UTC)
KNOWN = shipped_metrics()


def asked(at: datetime) -> Asked:
    return Asked(
        test=TEST, at=at, known=KNOWN, metrics=KNOWN.of_units(), attribution_days=3, maturation_days=5, slow_ms=60.0,
        stores=STORES,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ShopLog, KeepingWarehouse]]:
    log = shop_log(4, 900, 150)
    warehouse = lake_of(tmp_path_factory.mktemp("daily"), log).warehouse()
    yield log, warehouse
    warehouse.close()


def daily(warehouse: KeepingWarehouse, at: datetime, metric: str) -> DailySums | None:
    with rows_of_test(warehouse, asked(at)) as rows:
        return read_daily(rows, KNOWN.metrics[metric])


@pytest.mark.parametrize("metric", ["ctr", "conversion", "aov", "revenue_per_user", "margin_rate", "session_length",
                                    "return_visits", "refund_share"])  # fmt: skip
def test_every_sum_by_day_is_what_the_rows_add_up_to(shop: tuple[ShopLog, KeepingWarehouse], metric: str) -> None:
    log, warehouse = shop
    found = daily(warehouse, AT, metric)
    assert found is not None
    # Orders may be returned for 5 - 3 days, so of the 17 days before AT's the last 2 are open: 15, and the half of it.
    followed = Followed(8, date(2026, 4, 3), 2)
    assert found.days == followed.days
    rows = on_each_day(log, AT, 3, followed.days, followed.last, followed.returns, metric)
    assert set(found.sums) == set(rows)
    assert sum(map(len, rows.values())) >= 5
    for group, sums in found.sums.items():
        right = Sums.of_rows(rows[group])
        assert sums.n == right.n
        np.testing.assert_allclose(sums.totals, right.totals, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(sums.products, right.products, rtol=1e-9, atol=1e-9)


def test_a_test_of_a_few_days_and_one_nobody_was_in_have_no_days_to_follow(
    shop: tuple[ShopLog, KeepingWarehouse], tmp_path: Path
) -> None:
    _, warehouse = shop
    assert daily(warehouse, START + timedelta(days=6), "conversion") is None  # 6 days, 2 of them open: 4
    assert daily(warehouse, START + timedelta(days=7), "conversion") is not None
    nobody = lake_of(tmp_path / "nobody", ShopLog((), (), ())).warehouse()
    assert daily(nobody, AT, "conversion") is None
    nobody.close()


def test_days_after_the_test_has_ended_are_not_days_in_it() -> None:
    metric = KNOWN.metrics["conversion"]
    ended = followed_days(question(START + timedelta(days=60)), metric, START + timedelta(days=10, hours=3))
    assert ended == Followed((10 + 1) // 2, START.date() + timedelta(days=9), 5 - 3)
    long = followed_days(question(START + timedelta(days=60)), metric, START + timedelta(days=59))
    assert long is not None
    assert long.days == 14
