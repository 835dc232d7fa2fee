"""A store's calendar says which days are unlike others, and how long they are felt."""

from __future__ import annotations

from datetime import date

from shopkeeper.commerce.calendar import TOUCHED, read_calendar

CALENDAR = {
    "sales": [{"name": "black friday", "from": "2026-11-27", "to": "2026-11-30"}],
    "peaks": [{"name": "christmas", "from": "2026-12-01", "to": "2026-12-24"}],
    "season_ends": [
        {"name": "winter", "on": "2026-02-28"}, {"name": "summer", "on": "2026-08-31", "from": "2026-03-01"},
    ],
    "freezes": [{"from": "2026-12-20", "to": "2027-01-02"}],
}  # fmt: skip


def test_a_day_has_the_names_of_its_periods_and_an_ordinary_one_has_none() -> None:
    calendar = read_calendar(CALENDAR)
    assert calendar.label(date(2026, 11, 28)) == "sale black friday"
    assert calendar.label(date(2026, 12, 22)) == "freeze+peak christmas"
    assert calendar.label(date(2026, 10, 1)) == ""
    assert calendar.unread == ()


def test_a_season_lasts_until_its_end_and_is_another_after() -> None:
    calendar = read_calendar(CALENDAR)
    assert calendar.label(date(2026, 2, 28)) == "season winter"
    assert calendar.label(date(2026, 3, 1)) == "season summer"
    assert calendar.label(date(2026, 9, 1)) == ""


def test_a_season_without_a_begin_starts_after_its_last_end() -> None:
    ends = [{"name": "winter", "on": "2026-02-28"}, {"name": "winter", "on": "2027-02-28"}]
    first, second = read_calendar({"season_ends": ends}).periods
    assert (first.first, second.first) == (date.min, date(2026, 3, 1))


def test_a_period_is_felt_while_it_fills_enough_of_the_days_looked_back_on() -> None:
    calendar = read_calendar({"sales": CALENDAR["sales"]})
    after = date(2026, 12, 5)
    assert calendar.label(after) == ""
    assert TOUCHED < 4 / 10
    assert calendar.label(after, 9) == "sale black friday"
    assert TOUCHED >= 4 / 91
    assert calendar.label(after, 90) == ""


def test_what_says_no_days_is_listed_and_not_guessed() -> None:
    calendar = read_calendar({"sales": [{"name": "x"}, "soon", {"from": "2026-02-02", "to": "2026-02-01"}], "feast": 1})
    assert calendar.periods == ()
    assert len(calendar.unread) == 4
