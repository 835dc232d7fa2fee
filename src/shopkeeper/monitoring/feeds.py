"""Days on which a feed was broken: events of a type that stopped coming, or a field of theirs that came empty.

A broken feed is no change of taste. Figures that rest on it are named as such, and nothing is learnt from them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from shopkeeper.monitoring.rows import FilledDay
from shopkeeper.quality.local_days import every_day

FELL_TO: Final = 0.5
"""A field is broken on a day when it is filled for less than this part of what it used to be."""
STOPPED_AT: Final = 0.05
"""A type has stopped when less than this part of the usual events came."""
MATTERS: Final = 0.2
"""Fields filled less than this are not missed."""
FEWEST: Final = 20
"""Events of a day that show anything."""
CHANCE: Final = 4.0
"""Standard deviations of a count that a field must fall by, so that few events do not break a feed."""
FELT: Final = 0.2
"""Share of the days a figure looks back on that must have been broken before it is."""

Holes = Mapping[tuple[str, str], frozenset[date]]
"""(store, source) -> days on which it was broken; a source is `purchase` or `purchase.price`."""
Usual = Mapping[str, float]
"""`STORE|purchase|2` -> events on such a weekday, 0 = Monday; `STORE|purchase.price` -> share filled."""


def usual_feeds(days: Sequence[FilledDay]) -> Usual:
    """Return how many events of each type usually come a day, and how well their fields are filled (medians).

    A median, so that a feed that was broken for some of the days is not taken for usual.
    """
    counts: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    shares: dict[str, list[float]] = defaultdict(list)
    for one in days:
        counts[one.store, one.type][one.day] = one.events
        if one.events >= FEWEST:
            for field, filled in one.filled.items():
                shares[f"{one.store}|{one.type}.{field}"].append(filled / one.events)
    usual = {name: _median(held) for name, held in shares.items()}
    span = every_day(min(one.day for one in days), max(one.day for one in days)) if days else []
    for (store, type_), held in counts.items():
        for weekday in range(7):
            found = [float(held.get(day, 0)) for day in span if day.weekday() == weekday]
            if found:
                usual[f"{store}|{type_}|{weekday}"] = _median(found)
    return usual


def find_holes(days: Sequence[FilledDay], usual: Usual, span: Iterable[date]) -> Holes:
    """Return the days of `span` on which a feed was broken, by store and source.

    Days are compared with the same weekday, so a shop that sells nothing on Saturdays has no hole there.
    """
    known = {(one.store, one.type, one.day): one for one in days}
    holes: dict[tuple[str, str], set[date]] = defaultdict(set)
    wanted = tuple(span)
    for name, level in usual.items():
        store, source, weekday = _parts(name)
        type_, _, field = source.partition(".")
        for day in wanted:
            found = known.get((store, type_, day))
            if field:
                broken = found is not None and _fell(level, found.events, found.filled.get(field, 0))
            else:
                events = found.events if found is not None else 0
                broken = day.weekday() == weekday and level >= FEWEST and events < STOPPED_AT * level
            if broken:
                holes[store, source].add(day)
    return {key: frozenset(held) for key, held in holes.items()}


def touched_by(holes: Holes, store: str, sources: Iterable[str], day: date, days_back: int) -> tuple[str, ...]:
    """Return the sources that were broken on more than `FELT` of the days that a figure of `day` looks back on."""
    first = day - timedelta(days=days_back)
    return tuple(
        source
        for source in sources
        if sum(first <= hole <= day for hole in holes.get((store, source), ())) > FELT * (days_back + 1)
    )


def _fell(level: float, events: int, filled: int) -> bool:
    """Say whether a field came clearly less filled than usual: half of it, and beyond chance."""
    if events < FEWEST or level < MATTERS:
        return False
    expected = level * events
    return filled < FELL_TO * expected and filled < expected - CHANCE * math.sqrt(expected * (1 - min(level, 1.0)))


def _parts(name: str) -> tuple[str, str, int | None]:
    """Return store, source and weekday of a name; a store may have a bar in its id, a source has none."""
    head, _, last = name.rpartition("|")
    if last.isdecimal():
        store, _, source = head.rpartition("|")
        return store, source, int(last)
    return head, last, None


def _median(values: Sequence[float]) -> float:
    held = sorted(values)
    middle = len(held) // 2
    return held[middle] if len(held) % 2 else (held[middle - 1] + held[middle]) / 2
