"""Each dimension gives its figure, its limit and the worst behind it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import EventCount
from shopkeeper.commerce.order import Order
from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import Store
from shopkeeper.quality.consistency import day_centre, robust_z, wrong_paths
from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import DAY, AgeLimit, QualityLimits
from shopkeeper.quality.local_days import local_days, zone_of
from shopkeeper.quality.volume import bounds, volume

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""


def order(name: str, revenue: float, days_ago: float = 1, tax: float | None = None) -> Order:
    return Order(order_id=name, store="uk", ts=NOW - timedelta(days=days_ago), revenue=revenue, tax=tax)


def test_orders_and_money_that_agree_pass(data: Data) -> None:
    data.rows("orders", order("a", 20.0), order("b", 5.0, 3))
    data.events(2, order_id="a", price=10.0)
    data.events(1, order_id="b", price=9.0, days_ago=3)
    data.events(1, order_id="b", price=4.0, days_ago=2, type="refund")
    found = {f.name: (f.figure, f.status) for f in data.report().findings if f.dimension == "accuracy"}
    assert found == {
        "orders: events against the ledger": (0, "pass"),
        "money: events against the ledger": (0, "pass"),
        "days whose orders and money agree": (1, "pass"),
    }


def test_missing_unknown_and_mispriced_orders_are_found_with_their_days(data: Data) -> None:
    data.rows("orders", order("a", 20.0, 1), order("gone", 30.0, 2), order("b", 50.0, 3))
    data.events(1, order_id="a", price=20.0, days_ago=1)
    data.events(1, order_id="b", price=40.0, days_ago=3)
    data.events(1, order_id="stranger", price=7.0, days_ago=2)
    data.events(1, order_id="before the ledger", price=7.0, days_ago=30)
    count = data.finding("orders: events against the ledger")
    assert (count.figure, count.status) == (pytest.approx(2 / 3, abs=1e-4), "fail")
    assert "3 in events, 3 in the ledger, 1 unknown to it" in count.detail
    assert [(o.name, o.figure) for o in count.offenders] == [("2026-01-29", 2)]
    money = data.finding("money: events against the ledger")
    assert (money.figure, money.status) == (pytest.approx(10 / 70, abs=1e-4), "fail")
    assert "30.00 in orders that did not come" in money.detail
    assert [(o.name, o.figure) for o in money.offenders] == [("2026-01-28", 40 - 50)]
    assert data.finding("days whose orders and money agree").figure == pytest.approx(1 / 3)
    came = data.finding("orders of the ledger that came as purchases")
    assert (came.figure, came.status) == (pytest.approx(2 / 3), "fail")


def test_orders_of_unmeasured_shoppers_are_explained_by_their_counts(data: Data) -> None:
    data.rows("orders", order("a", 20.0, 1), order("b", 5.0, 1), order("c", 5.0, 5))
    data.events(1, order_id="a", price=20.0)
    data.counts(EventCount(count_id="x", ts=datetime(2026, 1, 30, tzinfo=UTC), store="uk", type="purchase", n=4))
    count = data.finding("orders: events against the ledger")
    assert count.figure == pytest.approx(1 / 3, abs=1e-4)
    assert "1 of unmeasured shoppers" in count.detail
    assert data.finding("orders of the ledger that came as purchases").figure == pytest.approx(2 / 3)


def test_postage_is_no_revenue(data: Data) -> None:
    data.rows("products", Product(product="post", store="uk", kind="service"))
    data.rows("orders", order("a", 20.0))
    data.events(1, order_id="a", price=20.0)
    data.events(1, order_id="a", price=4.0, product="post")
    assert data.finding("money: events against the ledger").figure == 0


def test_where_prices_include_tax_the_ledgers_tax_is_added(data: Data) -> None:
    data.store = Store(store="uk", currency="GBP", price_includes_tax=True)
    data.rows("orders", order("a", 100.0, tax=20.0))
    data.events(1, order_id="a", price=120.0)
    assert data.finding("money: events against the ledger").figure == 0


def test_without_a_ledger_there_is_nothing_to_measure(data: Data) -> None:
    data.events(1)
    assert data.finding("orders: events against the ledger").figure is None


def test_an_order_belongs_to_the_day_of_its_store() -> None:
    moments = np.array(["2026-01-30T23:30", "2026-07-30T22:59", "2026-07-30T23:00"], dtype="datetime64[us]")
    found = local_days(moments, zone_of("Europe/London"))
    assert found == [date(2026, 1, 30), date(2026, 7, 30), date(2026, 7, 31)]
    assert local_days(moments[:1], zone_of("Asia/Kathmandu")) == [date(2026, 1, 31)]


def test_each_source_has_an_age_of_its_own(data: Data) -> None:
    data.events(1, days_ago=3, type="click")
    data.events(1, days_ago=1)
    data.rows("prices", Price(product="lamp", store="uk", ts=NOW, price=1.0), at=NOW - timedelta(days=5))
    limits = QualityLimits(
        ages={
            "events": AgeLimit(warn=2 * DAY, error=4 * DAY),
            "events.click": AgeLimit(warn=DAY, error=4 * DAY),
            "prices": AgeLimit(warn=DAY, error=4 * DAY),
            "orders": AgeLimit(warn=DAY),
            "inventory": AgeLimit(error=DAY, needed=True),
        }
    )
    report = data.report(limits=limits)
    found = {f.name: (f.figure, f.limit, f.status) for f in report.findings if f.name.startswith("age of")}
    assert found == {
        "age of the newest event": (1, 2, "pass"),
        "age of the newest row of events.click": (3, 1, "warn"),
        "age of the newest row of prices": (5, 4, "fail"),
        "age of the newest row of inventory": (None, 1, "fail"),
    }
    assert msgspec.json.decode(msgspec.json.encode(report.as_dict()))["status"] == "fail"


def test_late_events_are_counted_by_type(data: Data) -> None:
    happened = NOW - timedelta(days=1)
    data.events(9, received_at=happened + timedelta(hours=1))
    data.events(1, type="click", received_at=happened + timedelta(hours=25))
    data.events(5, days_ago=100, received_at=NOW)
    found = data.finding("events of 28 days that came within 24 h")
    assert (found.figure, found.status, [o.name for o in found.offenders]) == (9 / 10, "warn", ["click"])


def test_prices_in_a_foreign_currency_fail(data: Data) -> None:
    data.events(9, currency="GBP")
    data.events(1, currency="EUR")
    found = data.finding("prices that are not in GBP")
    assert (found.figure, found.status, found.offenders[0].name) == (1 / 10, "fail", "events: EUR")


def test_ratings_of_another_scale_fail_and_name_what_to_do(data: Data) -> None:
    name = "ratings that are not of 1 to 5 stars"
    assert name not in {one.name for one in data.report().findings}
    data.events(19, type="rating", value=0.0)
    assert data.finding(name).status == "pass"  # too few to say
    data.events(1, type="rating", value=1.0)
    thumbs = data.finding(name)
    assert (thumbs.figure, thumbs.status) == (1.0, "fail")
    assert "1 to 5" in thumbs.remedy
    data.events(79, type="rating", value=5.0)
    data.events(1, type="rating")
    data.events(9, type="custom", value=80.0)
    assert (data.finding(name).figure, data.finding(name).status) == (0.0, "pass")
    data.events(2, type="rating", value=5.5)
    assert (data.finding(name).figure, data.finding(name).status) == (2 / 101, "fail")


def test_category_paths_are_well_formed_and_spelled_one_way() -> None:
    paths = {"home > light": 10, "Home > light": 2, "home >  > light": 1, "toys": 4, " > ".join("abcdefghi"): 1}
    assert set(wrong_paths(paths)) == {"Home > light", "home >  > light", " > ".join("abcdefghi")}
    assert "'home > light'" in wrong_paths(paths)["Home > light"]


def test_rows_about_unknown_products_are_named(data: Data) -> None:
    data.rows("products", Product(product="lamp", store="uk"))
    asked = [Price(product=name, store="uk", ts=NOW, price=1.0) for name in ("lamp", "ghost")]
    data.rows("prices", *asked)
    found = data.finding("rows of prices, inventory and orders whose product or user is known")
    assert (found.figure, found.status, found.offenders[0].name) == (1 / 2, "warn", "prices: ghost")


def test_robust_z_is_counted_within_the_category() -> None:
    values = np.array([*range(1, 10), 100.0, 100.0])
    groups = np.array(["a"] * 10 + ["b"], dtype=object)
    middle = (5 + 6) / 2
    spread = np.median(np.abs(values[:10] - middle))
    assert robust_z(values, groups)[9] == pytest.approx(0.6745 * (100 - middle) / spread)
    assert robust_z(values, groups)[10] == 0


def test_a_shifted_decimal_is_an_outlier(data: Data) -> None:
    usual = [Product(product=f"p{n}", store="uk", price=10.0 + n, categories=("lamps > desk",)) for n in range(20)]
    data.rows("products", *usual, Product(product="wrong", store="uk", price=1500.0, categories=("lamps > floor",)))
    found = data.finding("products whose price is far from their category's")
    assert (found.figure, [o.name for o in found.offenders]) == (pytest.approx(1 / 21, abs=1e-4), ["wrong"])


def test_the_middle_of_a_day_is_found_across_midnight() -> None:
    centre, strength = day_centre(np.array([23.0, 1.0]), np.array([3.0, 3.0]))
    assert min(centre, 24 - centre) == pytest.approx(0, abs=1e-9)
    assert strength == pytest.approx(np.cos(2 * np.pi / 24))


@pytest.mark.parametrize(("hour", "status"), [(14, "pass"), (3, "warn")])
def test_a_day_that_lies_at_night_is_a_wrong_time_zone(data: Data, hour: int, status: str) -> None:
    data.events(600, ts=datetime(2026, 1, 29, hour, tzinfo=UTC))
    assert data.finding("hours by which the day lies at night").status == status


MONDAY = date(2026, 1, 5)


def counts_of(usual: float, weeks: int = 12) -> Counter[date]:
    start = MONDAY - timedelta(weeks=weeks)
    counts: Counter[date] = Counter()
    for n in range(7 * weeks + 1):
        day = start + timedelta(days=n)
        counts[day] = int(usual * (2 if day.weekday() >= 5 else 1))
    return counts


def test_bounds_are_those_of_the_same_weekday() -> None:
    counts = counts_of(10_000)
    first = min(counts)
    monday, sunday = (bounds(counts, day, first, 4.0) for day in (MONDAY, MONDAY - timedelta(days=1)))
    assert monday is not None
    assert sunday is not None
    assert (monday.usual, sunday.usual) == (10_000, 20_000)
    assert (monday.low, monday.high) == (10_000 - 4 * 0.05 * 10_000, 10_000 + 4 * 0.05 * 10_000)
    assert bounds(counts, first + timedelta(weeks=3), first, 4.0) is None


def test_few_events_vary_as_counts_do() -> None:
    found = bounds(counts_of(16), MONDAY, min(counts_of(16)), 4.0)
    assert found is not None
    assert (found.low, found.high) == (16 - 4 * 16**0.5, 16 + 4 * 16**0.5)


def test_a_day_that_lost_half_its_events_is_named() -> None:
    counts = counts_of(10_000)
    lost = MONDAY - timedelta(days=2)
    counts[lost] //= 2
    judge = Judge("uk")
    volume(judge, counts, datetime(2026, 1, 5, 12, tzinfo=UTC), QualityLimits())
    (found,) = judge.findings
    assert (found.figure, found.status, [o.name for o in found.offenders]) == (1, "warn", [lost.isoformat()])


def decision(number: int, surface: str = "home", variant: str = "champion", **changed: object) -> DecisionRecord:
    fields: dict[str, object] = {
        "decision_id": f"d{number}",
        "ts": NOW - timedelta(days=1),
        "store": "uk",
        "results": 5,
        "unit": "u",
    }
    fields |= {"system": "recommendations", "surface": surface, "variant": variant, **changed}
    return msgspec.convert(fields, DecisionRecord)


def test_the_page_that_does_not_report_back_is_named(data: Data) -> None:
    data.decisions(*(decision(n) for n in range(100)), *(decision(n, "product") for n in range(100, 130)))
    data.decisions(decision(900, unit=None), decision(901, results=0), decision(902, ts=NOW))
    for n in range(100):
        data.events(1, type="impression", decision_id=f"d{n}", surface="home", order_id=None)
        data.events(1, type="impression", decision_id=f"d{n}", surface="home", order_id=None)
    data.events(1, type="impression", decision_id="d100", surface="product")
    found = data.finding("decisions whose impressions came back")
    assert (found.figure, found.status) == (101 / 130, "warn")
    worst = data.finding("decisions whose impressions came back, on the worst page")
    assert (worst.figure, worst.status, worst.offenders[0].name) == (1 / 30, "warn", "surface product, arm champion")
    assert "The page product does not report back" in worst.remedy


def test_an_arm_that_reports_less_is_named(data: Data) -> None:
    data.decisions(*(decision(n, variant="control") for n in range(40)))
    data.decisions(*(decision(n, variant="test") for n in range(40, 80)))
    for n in [*range(40), *range(40, 50)]:
        data.events(1, type="impression", decision_id=f"d{n}", surface="home")
    worst = data.finding("decisions whose impressions came back, on the worst page")
    assert (worst.figure, worst.offenders[0].name) == (10 / 40, "surface home, arm test")


def test_clicks_and_purchases_must_carry_their_decision(data: Data) -> None:
    data.decisions(*(decision(n) for n in range(30)))
    for n in range(30):
        data.events(1, type="click", decision_id=f"d{n}" if n < 27 else None, surface="home", session=f"s{n}")
        data.events(1, decision_id=f"d{n}" if n < 9 else None, session=f"s{n}")
    data.events(50, type="click", surface="menu", session="other")
    clicks = data.finding("clicks that carry their decision")
    bought = data.finding("purchases after a click that carry its decision")
    assert (clicks.figure, clicks.status) == (27 / 30, "warn")
    assert (bought.figure, bought.status, bought.offenders[0].name) == (9 / 27, "warn", "surface home, arm champion")
