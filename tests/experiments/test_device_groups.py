"""Units are told apart by the kind of device they came with first, and no sum changes by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.experiments.reference_sums import Owners, units_of
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import START, TEST, ShopLog, shop_log
from tests.experiments.test_metric_sums import measured, question

from shopkeeper.experiments.question import PRE_DAYS

AT = datetime(2026, 4, 4, 13, 30, tzinfo=UTC)
KINDS = {"phone": "phone", "Mobile": "phone", "desktop": "desktop", "tablet": "tablet", "kettle": "other"}


@pytest.mark.parametrize("seed", range(2))
def test_every_unit_is_in_the_group_of_its_first_device_and_the_groups_add_up(tmp_path: Path, seed: int) -> None:
    log = shop_log(seed, 900, 150)
    warehouse = lake_of(tmp_path, log).warehouse()
    plain, by_device = (measured(warehouse, replace(question(AT), by_device=asked)) for asked in (False, True))
    warehouse.close()
    found = Counter[tuple[str, str, str]]()
    for cell in by_device.cells:
        found[cell.variant, cell.store, cell.device] += cell.units
    assert found == first_devices(log)
    assert len({device for _, _, device in found}) > 3
    assert by_device.crossers(machines=True) == plain.crossers(machines=True)
    for variant in plain.variants:
        one, other = (sums.sums("aov", sums.chosen(variant=variant)) for sums in (plain, by_device))
        np.testing.assert_allclose(one.products, other.products, rtol=1e-9, atol=1e-9)


def first_devices(log: ShopLog) -> Counter[tuple[str, str, str]]:
    """Return how many units of an arm and store came with each kind of device first, row by row."""
    since = START.date() - timedelta(days=PRE_DAYS)
    events = [event for event in log.events if event.ts < AT and event.ts.date() >= since]
    decisions = [one for one in log.decisions if one.test == TEST and one.unit and one.ts < AT]
    owners = Owners(events, decisions, 3)
    counts = Counter[tuple[str, str, str]]()
    for (store, name), unit in units_of(decisions, owners).items():
        if len(unit.arms) > 1:
            continue
        said = [
            (event.ts, KINDS[event.device])
            for event in events
            if event.device is not None
            and event.ts.date() == unit.first.date()
            and owners.known(event.store, event.user or event.visitor or event.session or "") == (store, name)
        ]
        counts[next(iter(unit.arms)), store, min(said)[1] if said else "unknown"] += 1
    return counts
