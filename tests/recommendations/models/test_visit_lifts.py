"""Lifts of visits: what is planted is found, what is not there changes nothing, and strangers' lists follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.visits import visits_of
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.visit_lifts import NO_LIFTS, VisitLifts, lifts_of
from shopkeeper.recommendations.models.visit_lifts_fit import fit_visit_lifts

ITEMS = 40
HOUR = 3_600 * SECOND


def visits(*, planted: bool, shoppers: int = 3_000) -> Interactions:
    """Return one visit of two products each; on a phone, where it is planted, of the first half of them three in four.

    Referrers are of any class, by chance.
    """
    draw = np.random.default_rng(3)
    devices = draw.integers(1, 3, shoppers)
    low = draw.random((shoppers, 2)) < (np.where(devices == 2, 0.75, 0.25)[:, None] if planted else 0.5)
    items = draw.integers(0, ITEMS // 2, (shoppers, 2)) + np.where(low, 0, ITEMS // 2)
    times = np.repeat(np.arange(shoppers) * 20 * 60 * SECOND, 2) + np.tile([0, SECOND], shoppers)
    each = np.repeat(np.arange(shoppers), 2).astype(np.int32)
    zeros = np.zeros(2 * shoppers, dtype=np.int32)
    return Interactions(
        each, items.ravel().astype(np.int32), zeros, zeros.astype(np.int8), times, devices[each].astype(np.int8),
        single_group([f"p{n:02}" for n in range(ITEMS)]), [()] * ITEMS, [f"u{n}" for n in range(shoppers)], ("s",),
        referrers=draw.integers(0, 5, shoppers)[each].astype(np.int8),
    )  # fmt: skip


def fitted(data: Interactions) -> VisitLifts:
    return fit_visit_lifts(Popular.fit(data, PopularParams(), 1), data, 1)


def test_what_phones_are_used_for_is_found_and_hours_and_referrers_without_effect_are_left_out() -> None:
    lifts = fitted(visits(planted=True))
    assert list(lifts.tables) == ["device"]
    desktop, phone = lifts.tables["device"][1:3].astype(float)
    half = ITEMS // 2
    assert phone[:half].mean() == pytest.approx(1.5, abs=0.1)  # 75% for 50%
    assert desktop[:half].mean() == pytest.approx(0.5, abs=0.1)
    again = VisitLifts.from_arrays(lifts.arrays())
    items = np.array([0, ITEMS - 1])
    told = {"hour": 0, "device": 2, "referrer": 0}
    assert again.among(items, told).tolist() == pytest.approx(phone[items].tolist())


def test_without_an_effect_or_with_few_strangers_nothing_changes() -> None:
    assert fitted(visits(planted=False)) == NO_LIFTS
    assert fitted(visits(planted=True, shoppers=300)) == NO_LIFTS
    everybody_known = visits(planted=True)
    one = replace(everybody_known, shoppers=everybody_known.shoppers % 50)
    assert fitted(one) == NO_LIFTS
    assert NO_LIFTS.arrays() == {} == VisitLifts.from_arrays({}).tables


def test_a_product_that_is_met_seldom_keeps_a_lift_near_one() -> None:
    data = visits(planted=True)
    values = data.devices.astype(np.int64)
    rare = replace(data, items=np.where(np.arange(len(data)) == 10, ITEMS, data.items).astype(np.int32))
    rare = replace(rare, index=single_group([*data.index.products, "rare"]))
    lifts = lifts_of(rare, values, 4)
    assert abs(lifts[values[10], ITEMS] - 1.0) < 0.25 < abs(lifts[2, :ITEMS] - 1.0).mean()


def test_a_lift_is_what_came_against_what_the_store_and_the_week_foretell() -> None:
    items = np.array([0] * 30 + [1] * 30, dtype=np.int32)
    data = replace(visits(planted=False).take(np.arange(6_000) < 60), items=items, times=np.zeros(60, dtype=np.int64))
    k = 4 * 15**2 / (4 * 10**2 - 4 * 15 / 2)
    lifts = lifts_of(data, np.array([0] * 25 + [1] * 5 + [0] * 5 + [1] * 25), 2)
    assert lifts[:, 0].tolist() == pytest.approx([(25 + k) / (15 + k), (5 + k) / (15 + k)])
    assert (lifts_of(data, np.tile([0, 1], 30), 2) == 1.0).all()


def test_a_visit_ends_with_a_pause_or_at_another_store_and_counts_by_the_clock_of_its_store() -> None:
    times = np.array([0, 60 * SECOND, 2 * HOUR, 2 * HOUR + SECOND, 9 * HOUR])
    one = visits(planted=False).take(np.arange(6_000) < 5)
    data = replace(
        one, shoppers=np.array([1, 1, 1, 1, -1], dtype=np.int32), times=times,
        stores=np.array([0, 0, 0, 1, 0], dtype=np.int32), store_names=("s", "t"), time_zones=("", "Asia/Tokyo"),
    )  # fmt: skip
    found = visits_of(data)
    assert found.starts.tolist() == [0, 2, 3, 4]
    assert found.facts["hour"].tolist() == [0, 0, 2]  # 2 o'clock UTC is 11 in Tokyo
    assert found.strangers(0).tolist() == [0]
    assert not len(found.strangers(HOUR))
