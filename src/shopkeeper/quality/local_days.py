"""Adds up figures of moments by the day of the store they fall on."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

Moments = npt.NDArray[np.datetime64]


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(moment: np.datetime64, zone: ZoneInfo) -> datetime:
    """Return a moment in UTC as the clock on the store's wall shows it."""
    known: datetime = moment.astype("datetime64[us]").item()
    return known.replace(tzinfo=UTC).astimezone(zone)


def local_days(moments: npt.NDArray[np.generic], zone: ZoneInfo) -> list[date]:
    """Return the store-local day of every moment, UTC."""
    return [local(moment, zone).date() for moment in moments.astype("datetime64[us]")]


def by_day(days: list[date], amounts: npt.NDArray[Any]) -> Counter[date]:
    """Return the sum of the amounts of each day."""
    sums: Counter[date] = Counter()
    for day, amount in zip(days, amounts, strict=True):
        sums[day] += float(amount)  # type: ignore[assignment]  # a counter adds up money as well
    return sums


def every_day(first: date, last: date) -> list[date]:
    """Return all days from `first` to `last`, both included; none where `last` is before."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
