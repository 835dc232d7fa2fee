"""Times are read as sources write them, and come out in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.intake.times import epoch_times, read_time, zone_named

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


@pytest.mark.parametrize(
    "written",
    [
        "2026-06-01T12:00:00Z",
        "2026-06-01 12:00:00 UTC",
        "2026-06-01 14:00:00+02:00",
        "2026-06-01T13:00:00",  # British summer time
        "2026-06-01 13:00:00",
        datetime(2026, 6, 1, 13),  # noqa: DTZ001 - a time without an offset is the case
        datetime(2026, 6, 1, 14, tzinfo=timezone(timedelta(hours=2))),
        SECONDS,
        float(SECONDS),
        str(SECONDS),
        SECONDS * 10**3,
        str(SECONDS * 10**3),
        SECONDS * 10**6,
        SECONDS * 10**9,
    ],
)
def test_every_usual_way_of_writing_a_moment_gives_the_same_moment(written: object) -> None:
    assert read_time(written, LONDON) == NOON


@pytest.mark.parametrize("written", ["2026-06-01", "20260601", date(2026, 6, 1)])
def test_a_day_is_its_midnight_in_the_store(written: object) -> None:
    assert read_time(written, LONDON) == NOON - timedelta(hours=12 + 1)


def test_an_integer_order_keeps_its_order() -> None:
    assert [read_time(n, UTC) for n in (1, 2, 3)] == sorted(read_time(n, UTC) for n in (3, 1, 2))


@pytest.mark.parametrize(
    "written", ["tomorrow", "", "31/12/2026", "9" * 80, float("nan"), float("inf"), 1e300, True, None, [], "2026-13-01"]
)
def test_what_is_no_time_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_time(written, UTC)


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_time("0001-01-01T00:00:00", ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "x" * 500])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        zone_named(name)


EPOCHS = st.floats(0, 3.9e9) | st.floats(1.1e11, 3.9e12) | st.floats(1.1e14, 3.9e15) | st.floats(1.1e17, 3.9e18)


@given(st.lists(EPOCHS | EPOCHS.map(round).map(float) | st.sampled_from([5e-7, 1.5e-6]), min_size=1))
def test_many_epoch_numbers_are_read_as_one_by_one(numbers: list[float]) -> None:
    assert epoch_times(numbers) == [read_time(number, UTC) for number in numbers]


@pytest.mark.parametrize("number", [-1.0, 1e11, 5e10, float("inf"), float("nan"), 4e18])
def test_epoch_numbers_that_may_be_no_times_are_not_read_together(number: float) -> None:
    assert epoch_times([1e9, number]) is None
