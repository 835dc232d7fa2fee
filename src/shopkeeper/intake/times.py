"""Reading times as sources write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_DAY = re.compile(r"(19|20)\d{6}")
_STEPS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Above the first figure an epoch number counts in parts of a second: nano-, micro-, milliseconds."""
_LAST_SECOND = 4e9
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: object, zone: tzinfo) -> datetime:
    """Return a time in UTC.

    Read are datetimes, dates, ISO 8601 text with `T` or a space, and epoch seconds as number or text (milliseconds
    above 1e11, micro- above 1e14, nanoseconds above 1e17). Eight digits of text that begin with 19 or 20 are a day. A
    time without an offset is read in `zone`; a day is its midnight there.

    Raises:
        ValueError: it is none of these, or lies outside the years 1 to 9999.
    """
    try:
        moment = _moment(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{value!r} lies outside the years 1 to 9999") from error


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _from_epoch(float(value))
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the caller places it in the store's zone
    raise ValueError(f"{value!r} is not a time")


def _from_text(text: str) -> datetime:
    if len(text) > 64:
        raise ValueError("too long for a time")
    text = text.strip()
    if _NUMBER.fullmatch(text) and not _DAY.fullmatch(text):
        return _from_epoch(float(text))
    if text.endswith(" UTC"):
        text = text[:-4] + "Z"
    return datetime.fromisoformat(text)


def _from_epoch(number: float) -> datetime:
    for above, parts in _STEPS:
        if abs(number) > above:
            return datetime.fromtimestamp(number / parts, UTC)
    return datetime.fromtimestamp(number, UTC)


def epoch_times(numbers: Sequence[float]) -> list[datetime] | None:
    """Return what `read_time` returns for each of many epoch numbers; None where one lies before 1970 or after 2096."""
    seconds = np.array(numbers)
    size = np.abs(seconds)
    for above, parts in reversed(_STEPS):
        seconds = np.where(size > above, np.array(numbers) / parts, seconds)
    if not ((seconds >= 0) & (seconds < _LAST_SECOND)).all():
        return None
    part, whole = np.modf(seconds)
    micros = (whole * 1e6 + np.rint(part * 1e6)).astype(np.int64)
    return [_FIRST_MOMENT + since for since in micros.astype("timedelta64[us]").tolist()]


def zone_named(name: str) -> tzinfo:
    """Return the time zone with an IANA name.

    Raises:
        ValueError: there is none of that name.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
