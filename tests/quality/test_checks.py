"""Each check measures its figure on the lake and judges it against its limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.product import Product

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
Data = Any
"""The fixture of conftest.py: a log and a lake with rows of one store."""

LAMP = Product(
    product="lamp", store="uk", title="Lamp", price=9.0, stock=4.0, image_url="/lamp.jpg",
    categories=("home > light",),
)  # fmt: skip


def test_whole_data_passes(data: Data) -> None:
    data.rows("products", LAMP)
    data.events(20)
    report = data.report()
    assert [str(found) for found in report.findings if found.status != "pass"] == []
    assert report.status == "pass"


def test_a_store_without_anything_fails_with_what_to_do(data: Data) -> None:
    report = data.report()
    assert {f.name for f in report.findings if f.status == "fail"} == {"events", "products"}
    assert all(found.remedy for found in report.findings)


@pytest.mark.parametrize("holes", [5, 6])
def test_95_percent_must_be_filled(data: Data, holes: int) -> None:
    data.events(100 - holes)
    data.events(holes, price=None, user=None, quantity=None, order_id=None)
    found = {f.name: (f.figure, f.status) for f in data.report().findings}
    required = ("purchases with a price", "events with a user, visitor or session")
    recommended = ("purchases with a quantity", "purchases with an order")
    share = (100 - holes) / 100
    assert [found[name] for name in required] == [(share, "pass" if holes == 5 else "fail")] * 2
    assert [found[name] for name in recommended] == [(share, "pass" if holes == 5 else "warn")] * 2


def test_few_signed_in_users_are_a_warning(data: Data) -> None:
    data.events(4)
    data.events(6, user=None, visitor="v")
    assert (data.finding("events with a user").figure, data.finding("events with a user").status) == (4 / 10, "warn")


def test_bots_are_left_out(data: Data) -> None:
    data.events(3)
    data.events(7, traffic="declared_bot")
    assert data.finding("events").figure == 3


def test_events_must_name_products_that_are_there(data: Data) -> None:
    data.rows("products", LAMP, Product(product="card", title="for all stores"))
    data.events(90)
    data.events(4, product="card")
    data.events(6, product="nowhere")
    found = data.finding("events whose product is known")
    assert (found.figure, found.status, found.detail) == (94 / 100, "fail", "94 of 100")
    assert "1 missing" in found.remedy


def test_an_event_that_comes_on_two_days_is_counted_as_doubled(data: Data) -> None:
    data.events(1, event_id="same", days_ago=1)
    data.events(1, event_id="same", days_ago=3)
    data.events(8)
    found = data.finding("events that came twice")
    assert (found.figure, found.status) == (1 / 10, "warn")


def test_the_catalogue_needs_prices_titles_and_categories(data: Data) -> None:
    postage = Product(product="post", store="uk", kind="service")
    gone = Product(product="old", store="uk", status="withdrawn")
    data.rows("products", LAMP, Product(product="bare", store="uk"), postage, gone)
    data.events(1)
    figures = {
        f.name: (f.figure, f.status)
        for f in data.report().findings
        if f.dimension == "completeness" and "product" in f.name[:8]
    }
    assert figures == {
        "products": (2, "pass"),
        "products with a price": (1 / 2, "warn"),
        "products with a title": (1 / 2, "warn"),
        "products with a category": (1 / 2, "warn"),
        "products with an image": (1 / 2, "warn"),
        "products with stock": (1 / 2, "warn"),
    }


def test_days_without_events_are_found_with_their_place(data: Data) -> None:
    data.events(1, days_ago=20)
    data.events(1, days_ago=11)
    data.events(1, days_ago=1)
    found = data.finding("longest gap without events")
    assert (found.figure, found.status) == (11 - 1 - 1, "warn")
    assert str((NOW - timedelta(days=11)).date()) in found.detail


def test_old_data_is_a_warning(data: Data) -> None:
    data.events(1, days_ago=3)
    found = data.finding("age of the newest event")
    assert (found.figure, found.status) == (3, "warn")


def test_quarantined_rows_are_held_against_what_came_in(data: Data) -> None:
    data.events(9)
    found = data.finding("rows in quarantine", quarantined=1)
    assert (found.figure, found.status) == (1 / 10, "warn")


def test_the_report_is_json_and_words(data: Data) -> None:
    data.events(1)
    report = data.report()
    assert msgspec.json.decode(msgspec.json.encode(report.as_dict()))["status"] == "fail"
    assert report.as_text().endswith("Data quality: fail.")
    assert report.of_store("de").findings == ()
