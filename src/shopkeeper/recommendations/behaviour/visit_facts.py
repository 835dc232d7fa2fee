"""What is known of a visit before the shopper did anything: part of the day, device, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.quality.local_days import zone_of
from shopkeeper.recommendations.behaviour.interactions import DEVICES, SECOND

HOUR: Final = 3_600 * SECOND
"""Microseconds."""
PART_HOURS: Final = 4
"""Hours of one part of the day."""
REFERRERS: Final = ("none", "mail", "search", "social", "site")
"""Classes of where a shopper came from; a `referrer` is a place in this list."""
FACTS: Final[Mapping[str, int]] = {"hour": 24 // PART_HOURS, "device": len(DEVICES), "referrer": len(REFERRERS)}
"""Name of each fact, as events and the context of a request tell it, with how many values it has."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DEVICE_WORDS: Final = (
    (("tablet", "ipad"), DEVICES.index("tablet")),
    (("mobile", "phone"), DEVICES.index("mobile")),
    (("desktop", "laptop"), DEVICES.index("desktop")),
)
_REFERRER_WORDS: Final = (
    (("//mail.", "outlook.", "medium=email"), REFERRERS.index("mail")),
    (("google.", "bing.", "duckduckgo.", "yahoo.", "ecosia."), REFERRERS.index("search")),
    (
        ("facebook.", "instagram.", "tiktok.", "pinterest.", "youtube.", "reddit.", "//t.co/"),
        REFERRERS.index("social"),
    ),
)


def device_of(text: str) -> int:
    """Return the class of a device as a page names it; the rule of `seen.sql` for what events say."""
    return _class_of(text, _DEVICE_WORDS, 0)


def referrer_of(text: str) -> int:
    """Return the class of the address a shopper came from, empty = none is known; the rule of `seen.sql`."""
    return _class_of(text, _REFERRER_WORDS, REFERRERS.index("site")) if text else 0


def part_of_day(moment: datetime, time_zone: str) -> int:
    """Return in which part of its day a store is at a moment."""
    return moment.astimezone(zone_of(time_zone)).hour // PART_HOURS


def parts_of_day(
    times: npt.NDArray[np.int64], stores: npt.NDArray[np.int32], time_zones: Sequence[str]
) -> npt.NDArray[np.int64]:
    """Return in which part of its store's day each moment lies; shape (n,).

    Args:
        times: Microseconds since 1970 UTC; shape (n,).
        stores: Store codes; shape (n,).
        time_zones: Of each store code; empty = UTC for all.
    """
    hours, count = times // HOUR, len(time_zones)
    if not any(time_zones):
        return hours % 24 // PART_HOURS
    keys, places = np.unique(hours * count + stores, return_inverse=True)
    told = zip((keys // count).tolist(), (keys % count).tolist(), strict=True)
    parts = [part_of_day(_EPOCH + timedelta(hours=hour), time_zones[store]) for hour, store in told]
    found: npt.NDArray[np.int64] = np.array(parts, dtype=np.int64)[places]
    return found


def _class_of(text: str, words: tuple[tuple[tuple[str, ...], int], ...], otherwise: int) -> int:
    low = text.lower()
    return next((kind for some, kind in words if any(map(low.__contains__, some))), otherwise)
