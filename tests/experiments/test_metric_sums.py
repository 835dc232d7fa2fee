"""The sums of a test are what its rows add up to, counted one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.experiments.reference_sums import Reference, reference
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import START, STORES, TEST, shop_log

from shopkeeper.experiments.metric_file import shipped_metrics
from shopkeeper.experiments.metric_sums import sums_query
from shopkeeper.experiments.ports import KeepingWarehouse
from shopkeeper.experiments.question import TestQuestion, kept_relations, midnight
from shopkeeper.experiments.store_clocks import clock_of
from shopkeeper.experiments.unit_sums import TestSums, read_sums

CAPS = {("uk", "revenue"): 30.0, ("uk", "margin"): 10.0}


def question(at: datetime, attribution: int = 3, maturation: int = 5) -> TestQuestion:
    known = shipped_metrics()
    stores = tuple(clock_of(store, START - timedelta(days=40), at) for store in STORES)
    return TestQuestion(TEST, at, START.date(), known, known.of_units(), attribution, maturation, stores, CAPS)


def measured(warehouse: KeepingWarehouse, asked: TestQuestion) -> TestSums:
    query, parameters = sums_query(asked)
    with warehouse.keeping(kept_relations(asked, midnight(asked.before), asked.at)) as kept:
        return read_sums(asked, kept.fetch(query, **parameters))


@pytest.mark.parametrize("seed", range(3))
def test_every_sum_is_what_the_rows_add_up_to(tmp_path: Path, seed: int) -> None:
    log = shop_log(seed, 700, 200)
    at = datetime(2026, 4, 2, 13, 30, tzinfo=UTC) + timedelta(days=seed, minutes=seed)
    asked = question(at)
    warehouse = lake_of(tmp_path, log).warehouse()
    assert_same(measured(warehouse, asked), reference(log, at, 3, 5, CAPS))
    warehouse.close()


def assert_same(found: TestSums, expected: Reference) -> None:
    cells = {(c.epoch, c.variant, c.store, c.day, c.matured, c.machine, c.newcomer): c for c in found.cells}
    assert set(cells) == set(expected.rows)
    for group, cell in cells.items():
        assert cell.guests == expected.guests[group]
        for metric, sums in {**cell.sums, **{f"{name}.cut": sums for name, sums in cell.cut.items()}}.items():
            right = expected.sums(group, metric)
            assert sums.n == right.n
            np.testing.assert_allclose(sums.totals, right.totals, rtol=1e-9, atol=1e-9, err_msg=metric)
            np.testing.assert_allclose(sums.products, right.products, rtol=1e-9, atol=1e-9, err_msg=metric)
    crossed = {(one.epoch, one.store, one.machine): 0 for one in found.crossed}
    for one in found.crossed:
        crossed[one.epoch, one.store, one.machine] += one.units
    assert crossed == dict(expected.crossed)
