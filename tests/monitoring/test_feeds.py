"""A feed that stops or comes empty is told from a shop that is closed, a weekend, and chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from shopkeeper.monitoring.feeds import FELT, find_holes, touched_by, usual_feeds
from shopkeeper.monitoring.report import broken_feeds
from shopkeeper.monitoring.rows import FilledDay

MONDAY = date(2026, 3, 2)
SPAN = [MONDAY + timedelta(days=n) for n in range(28)]
NOW = [MONDAY + timedelta(days=n) for n in range(28, 35)]


def feed(days: list[date], events: Callable[[date], int], priced: Callable[[date], float]) -> list[FilledDay]:
    return [
        FilledDay("uk|1", day, "purchase", events(day), {"price": int(events(day) * priced(day))})
        for day in days
        if events(day)
    ]


USUAL = usual_feeds(feed(SPAN, lambda day: 0 if day.weekday() == 5 else 100, lambda _: 0.9))


def test_a_shop_that_rests_on_saturdays_has_no_hole() -> None:
    now = feed(NOW, lambda day: 0 if day.weekday() == 5 else 80, lambda _: 0.8)
    assert find_holes(now, USUAL, NOW) == {}


def test_purchases_without_prices_are_a_hole_of_the_price() -> None:
    now = feed(NOW, lambda _: 100, lambda day: 0.0 if day in NOW[2:4] else 0.9)
    assert find_holes(now, USUAL, NOW) == {("uk|1", "purchase.price"): frozenset(NOW[2:4])}


def test_purchases_that_stop_are_a_hole_of_the_type() -> None:
    now = feed(NOW, lambda day: 100 if day < NOW[3] else 1, lambda _: 0.9)
    assert find_holes(now, USUAL, NOW) == {("uk|1", "purchase"): frozenset({NOW[3], NOW[4], NOW[6]})}


def test_few_events_that_lack_a_field_by_chance_are_no_hole() -> None:
    usual = {"uk|purchase.user": 0.25}
    few = [FilledDay("uk", NOW[0], "purchase", 20, {"user": 1})]
    many = [FilledDay("uk", NOW[0], "purchase", 2_000, {"user": 100})]
    assert find_holes(few, usual, NOW) == {}
    assert find_holes(many, usual, NOW) == {("uk", "purchase.user"): frozenset({NOW[0]})}


def test_a_hole_touches_a_figure_while_it_fills_enough_of_what_it_looks_back_on() -> None:
    holes = {("uk", "purchase"): frozenset({NOW[0]})}
    assert touched_by(holes, "uk", ("view", "purchase"), NOW[0], 0) == ("purchase",)
    assert touched_by(holes, "uk", ("view", "purchase"), NOW[1], 1) == ("purchase",)
    assert FELT * 8 >= 1
    assert touched_by(holes, "uk", ("view", "purchase"), NOW[1], 7) == ()
    assert touched_by(holes, "ie", ("purchase",), NOW[0], 0) == ()


def test_a_feed_is_called_broken_after_more_than_a_day_and_by_what_stopped_alone() -> None:
    holes = {
        ("uk", "purchase"): frozenset(NOW[:3]),
        ("uk", "purchase.price"): frozenset(NOW[:4]),
        ("uk", "search"): frozenset(NOW[:1]),
        ("ie", "view.session"): frozenset(NOW[:2]),
    }
    assert [(one.store, one.source, one.days) for one in broken_feeds(holes)] == [
        ("uk", "purchase", 3), ("ie", "view.session", 2),
    ]  # fmt: skip
