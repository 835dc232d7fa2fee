"""A feed that was mended passes once its broken days are no longer recent; a broken one fails whatever came before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from shopkeeper.commerce.order import Order
from shopkeeper.commerce.product import Product
from shopkeeper.errors import ConfigError
from shopkeeper.quality.checks import check_quality, recent_from
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.reading import EVER
from shopkeeper.quality.report import Finding

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""
PRICED = "purchases with a price"
MONEY = "money: events against the ledger"
WEEK = DataContract("", QualityLimits(recent_days=7))
_NUMBERS = count()


def sell(data: Data, days_ago: float, price: float | None = 10.0) -> None:
    """Sell one thing for 10, and let the event say its price or not."""
    name = f"order {next(_NUMBERS)}"
    data.rows("orders", Order(order_id=name, store="uk", ts=NOW - timedelta(days=days_ago), revenue=10.0))
    data.events(1, order_id=name, price=price, days_ago=days_ago)


def found(data: Data, contract: DataContract = WEEK) -> dict[str, Finding]:
    report = check_quality(data.warehouse(), (data.store,), lambda _: 0, NOW, {"uk": contract})
    return {one.name: one for one in report.findings}


def test_a_feed_that_breaks_now_fails_however_much_was_whole_before(data: Data) -> None:
    for day in (1, 2, 3, 4, 5, 6, *[10] * 40):
        sell(data, day)
    sell(data, 0, price=None)
    said = found(data)
    assert (said[PRICED].status, said[PRICED].figure) == ("fail", 6 / 7)
    assert said[PRICED].detail == "6 of 7 in the newest 7 days, 46 of 47 in all"
    assert said[MONEY].status == "fail"
    assert said[MONEY].figure == pytest.approx(10 / 70, abs=1e-4)


def test_a_feed_that_was_mended_warns_once_its_broken_days_are_no_longer_recent(data: Data) -> None:
    for day in (7, 8, 9):
        sell(data, day, price=None)
    for day in range(7):
        sell(data, day)
    said = found(data)
    assert (said[PRICED].status, said[PRICED].figure) == ("warn", 1.0)
    assert said[PRICED].detail == "7 of 7 in the newest 7 days, 7 of 10 in all"
    assert (said[MONEY].status, said[MONEY].figure) == ("warn", 0.0)
    assert said[MONEY].detail.startswith("0.00% in the newest 7 days, 30.00% in all; ")


def test_orders_that_did_not_come_then_only_warn_and_those_that_do_not_come_now_fail(data: Data) -> None:
    names = ("orders of the ledger that came as purchases", "orders: events against the ledger")
    sell(data, 0)
    data.rows("orders", *(Order(order_id=f"x{n}", store="uk", ts=NOW - timedelta(days=9), revenue=1) for n in range(9)))
    said = found(data)
    assert [said[name].status for name in names] == ["warn", "warn"]
    data.rows("orders", *(Order(order_id=f"y{n}", store="uk", ts=NOW - timedelta(days=3), revenue=1) for n in range(9)))
    said = found(data)
    assert [said[name].status for name in names] == ["fail", "fail"]


def test_what_a_contract_says_of_events_is_asked_of_the_recent_ones_too(data: Data) -> None:
    text = """
version: 1
recent: 7d
fields: {events: {price: {max: 50}}}
references: [{table: events, column: product, to: products.product, least: 1}]
"""
    data.rows("products", Product(product="p1", store="uk"))
    data.events(3, product="p1", price=900.0, days_ago=7)
    data.events(2, product="gone", price=9.0, days_ago=7)
    data.events(5, product="p1", price=9.0, days_ago=0)
    contract = read_contract(text, "uk.yaml")
    names = ("events.price at most 50", "events.product names a row of products", "events whose product is known")
    said = found(data, contract)
    assert [said[name].status for name in names] == ["warn", "warn", "warn"]
    data.events(1, product="gone", price=51.0, days_ago=6.4)
    said = found(data, contract)
    assert [said[name].status for name in names] == ["fail", "fail", "fail"]


def test_a_currency_that_was_foreign_once_does_not_fail_for_ever(data: Data) -> None:
    data.events(1, price=5.0, currency="EUR", days_ago=8)
    data.events(1, price=5.0, currency="GBP", days_ago=1)
    assert found(data)["prices that are not in GBP"].status == "warn"
    data.rows("products", Product(product="p1", store="uk", price=3.0, currency="EUR"))
    assert found(data)["prices that are not in GBP"].status == "fail"


def test_the_recent_days_begin_at_the_midnight_of_the_store() -> None:
    newest = np.datetime64("2026-03-29T22:30")  # the 30th in Berlin, whose clocks went forward on the 29th
    zone = ZoneInfo("Europe/Berlin")
    assert recent_from(newest, zone, 2) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert recent_from(newest, zone, 28).astimezone(zone).date() == date(2026, 3, 3)
    assert recent_from(None, zone, 28) == EVER


def test_a_contract_cannot_call_less_than_a_day_recent() -> None:
    with pytest.raises(ConfigError, match=r"`recent` is '6h'"):
        read_contract("version: 1\nrecent: 6h", "uk.yaml")
