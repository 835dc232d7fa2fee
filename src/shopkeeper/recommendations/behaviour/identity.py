"""Whose an anonymous event is, once somebody has signed in: the rule of `seen.sql`, as a pure function."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from shopkeeper.commerce.event import Event


def owners(events: Sequence[Event]) -> list[str | None]:
    """Return the user of each event; None where it stays with its device or session.

    An event that names no user is the user's who first signed in later in the same session on the same device, if
    nobody else signed in there. What follows a logout is nobody's, as it may be somebody else's; of a session with two
    users nothing is joined, as nobody can tell which of them looked around before.
    """
    users: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    first: dict[tuple[str, str, str], datetime] = {}
    for event in events:
        if event.user and event.session:
            place = _place(event)
            users[place].add(event.user)
            first[place] = min(first.get(place, event.ts), event.ts)
    return [_owner(event, users, first) for event in events]


def _owner(
    event: Event, users: dict[tuple[str, str, str], set[str]], first: dict[tuple[str, str, str], datetime]
) -> str | None:
    if event.user:
        return event.user
    place = _place(event)
    if not event.session or place not in first or len(users[place]) != 1 or event.ts > first[place]:
        return None
    return next(iter(users[place]))


def _place(event: Event) -> tuple[str, str, str]:
    return event.store, event.session or "", event.visitor or ""
