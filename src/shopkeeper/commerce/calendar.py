"""Days of a store that are unlike others: sales, peaks, seasons and freezes, as its row says.

    {"sales":       [{"name": "black friday", "from": "2026-11-27", "to": "2026-11-30"}],
     "peaks":       [{"name": "christmas", "from": "2026-12-01", "to": "2026-12-24"}],
     "season_ends": [{"name": "winter", "on": "2027-02-28"}],
     "freezes":     [{"from": "2026-12-20", "to": "2027-01-02"}]}

A season that only has an end has lasted since the end before it that has the same name, or always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

Kind = Literal["sale", "peak", "season", "freeze"]
_KEYS: Final[Mapping[str, Kind]] = {"sales": "sale", "peaks": "peak", "season_ends": "season", "freezes": "freeze"}
_STILL: Final = ("peak", "freeze")
TOUCHED: Final = 0.1
"""Share of the days a figure looks back on, from which a period is felt in it."""


@dataclass(frozen=True, slots=True)
class Period:
    """Some days that belong together.

    Attributes:
        name: Such as `sale black friday`; periods of one name are alike, also in different years.
        first, last: Both included.
    """

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known of a store's days.

    Attributes:
        unread: Entries that say no period, as they stand.
    """

    periods: tuple[Period, ...] = ()
    unread: tuple[str, ...] = ()

    def label(self, day: date, days_back: int = 0) -> str:
        """Return the names of the periods felt on a day, joined by `+`; empty on an ordinary day.

        Args:
            days_back: How many days before it the figure in question looks back on.
        """
        begin, span = day - timedelta(days=days_back), days_back + 1
        felt: dict[str, int] = {}
        for period in self.periods:
            shared = (min(day, period.last) - max(begin, period.first)).days + 1
            if shared > 0:
                felt[period.name] = felt.get(period.name, 0) + shared
        return "+".join(sorted(name for name, days in felt.items() if days / span > TOUCHED))

    def frozen(self, day: date) -> str:
        """Return the name of a peak or freeze that a day lies in; empty where nothing stands against a change."""
        still = (one.name for one in self.periods if one.first <= day <= one.last and one.name.startswith(_STILL))
        return next(still, "")


def read_calendar(document: Mapping[str, Any]) -> Calendar:
    """Return the periods a store's `calendar` says; what cannot be read is listed, never guessed."""
    periods: list[Period] = []
    unread: list[str] = [f"{key}: {held}" for key, held in document.items() if key not in _KEYS]
    for key, kind in _KEYS.items():
        entries = document.get(key) or []
        for entry in entries if isinstance(entries, list) else [entries]:
            found = _period(kind, entry)
            if found is None:
                unread.append(f"{key}: {entry}")
            else:
                periods.append(found)
    return Calendar(tuple(_begun(periods)), tuple(unread))


def _period(kind: Kind, entry: object) -> Period | None:
    if not isinstance(entry, Mapping):
        return None
    last = _day(entry.get("to", entry.get("on")))
    first = _day(entry["from"]) if "from" in entry else date.min if kind == "season" else None
    if first is None or last is None or first > last:
        return None
    return Period(f"{kind} {entry.get('name', '')}".strip(), first, last)


def _begun(periods: list[Period]) -> Iterator[Period]:
    """Let a season begin the day after the end before it that has the same name."""
    for period in periods:
        before = [one.last for one in periods if one.name == period.name and one.last < period.last]
        begin = max(before) + timedelta(days=1) if before and period.first == date.min else period.first
        yield Period(period.name, begin, period.last)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
