"""Machines that say they are people, found by what they do: too fast, too even, too deep, in order, or blind.

Two ways to the same figures, which one function judges: over the events of one session in Python, and over the whole
lake in SQL (`behaviour_figures.sql`). A verdict lies beside the events, in `traffic_verdicts`; nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.traffic import SubjectKind, TrafficVerdict
from shopkeeper.quality.ports import NamedQuery, Warehouse

RATE: Final = "behaviour.rate"
REGULAR: Final = "behaviour.regular"
WALK: Final = "behaviour.walk"
BLIND: Final = "behaviour.blind"
DEPTH: Final = "behaviour.depth"

ENGAGED: Final = frozenset({"cart", "checkout", "purchase", "rating", "identify"})
_MINUTE_MS: Final = 60_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUERY: Final = NamedQuery.load("shopkeeper.quality", "behaviour_figures")


@dataclass(frozen=True, slots=True)
class BehaviourLimits:
    """Where a person ends and a machine begins. A session is judged for each UTC day on its own.

    Attributes:
        pages: Fewest pages looked at before anything is judged.
        pages_a_minute: `behaviour.rate`: this many seconds with a page, within one minute. 30 is a page every two
            seconds for a whole minute; people open tabs in bursts but do not keep that up.
        regular_gaps: `behaviour.regular`: fewest gaps between pages,
        regular_spread: and their standard deviation over their mean at most this. Of people it is about 1, as they
            sometimes read and sometimes skip; 0.25 allows a machine a jitter of 40% either way.
        break_seconds: Longer gaps are breaks and count as none.
        walk_steps: `behaviour.walk`: fewest steps from one product to another,
        walk_share: and share of them that go the same way in the order of ids. Chance goes each way half of the time:
            19 of 19 the same way comes once in 260,000 sessions. Nobody signed in, nothing put into a cart.
        blind_pages: `behaviour.blind`: this many pages without one list having been shown, nobody signed in, nothing in
            a cart,
        blind_usual: on a day on which at least this share of surely human sessions was shown lists,
        blind_shoppers: and there were at least so many of these.
        deep_pages: `behaviour.depth`: this many pages, nobody signed in, nothing put into a cart.
        settled_minutes: How long a session must have been quiet before it is judged.
    """

    pages: int = 15
    pages_a_minute: int = 30
    regular_gaps: int = 14
    regular_spread: float = 0.25
    break_seconds: int = 300
    walk_steps: int = 19
    walk_share: float = 0.95
    blind_pages: int = 20
    blind_usual: float = 0.95
    blind_shoppers: int = 20
    deep_pages: int = 80
    settled_minutes: int = 30


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """What a session did on one day, in figures.

    Attributes:
        pages: Products looked at.
        moments: Seconds in which at least one was.
        fastest: Most moments within 60 seconds.
        whole_minutes: Moments at a whole minute; all of them where the source knows no seconds.
        gaps: Gaps between moments that are no break, with their sum and sum of squares in seconds.
        steps: Moves from one product to another; `ascending` those to a greater id.
        engaged: Events that show a person with an intent or an account.
        shoppers: Surely human sessions of the store on that day; `shown_shoppers` those that were shown lists.
    """

    pages: int
    moments: int
    fastest: int
    whole_minutes: int
    gaps: int
    gap_sum: float
    gap_squares: float
    steps: int
    ascending: int
    engaged: int
    impressions: int
    shoppers: int = 0
    shown_shoppers: int = 0

    @property
    def spread(self) -> float:
        """Standard deviation of the gaps over their mean; infinite without gaps."""
        if not self.gaps or self.gap_sum <= 0:
            return float("inf")
        mean = self.gap_sum / self.gaps
        return float(np.sqrt(max(self.gap_squares / self.gaps - mean * mean, 0.0)) / mean)


def suspicion(did: SessionFigures, limits: BehaviourLimits) -> str | None:
    """Return the id of the first rule that says a machine did this; None for a person."""
    if did.pages < limits.pages:
        return None
    if did.fastest >= limits.pages_a_minute:
        return RATE
    timed = did.whole_minutes < did.moments
    if timed and did.gaps >= limits.regular_gaps and did.spread <= limits.regular_spread:
        return REGULAR
    return None if did.engaged else _aimless(did, limits)


def _aimless(did: SessionFigures, limits: BehaviourLimits) -> str | None:
    """Return the rule that speaks against a session without account and cart."""
    one_way = max(did.ascending, did.steps - did.ascending)
    if did.steps >= limits.walk_steps and one_way >= limits.walk_share * did.steps:
        return WALK
    usual = did.shoppers >= limits.blind_shoppers and did.shown_shoppers >= limits.blind_usual * did.shoppers
    if usual and did.impressions == 0 and did.pages >= limits.blind_pages:
        return BLIND
    return DEPTH if did.pages >= limits.deep_pages else None


def figures_of(events: Sequence[Event], limits: BehaviourLimits) -> SessionFigures:
    """Return the figures of the events of one session on one day, in any order."""
    views = [event for event in events if event.type == "view"]
    moments: dict[int, tuple[int, str]] = {}
    for event in views:
        ms = (event.ts - _EPOCH) // timedelta(milliseconds=1)
        there = moments.get(ms // 1000, (ms, ""))
        moments[ms // 1000] = (min(ms, there[0]), max(event.product or "", there[1]))
    ordered = sorted(moments.values())
    times = np.array([ms for ms, _ in ordered], dtype=np.int64)
    gaps = np.diff(times)
    gaps = gaps[gaps <= limits.break_seconds * 1000] / 1000.0
    names = [name for _, name in ordered]
    pairs = list(pairwise(names))
    first = np.searchsorted(times, times - _MINUTE_MS + 1)
    return SessionFigures(
        pages=len(views),
        moments=len(times),
        fastest=int((np.arange(len(times)) - first + 1).max(initial=0)),
        whole_minutes=int((times % _MINUTE_MS == 0).sum()),
        gaps=len(gaps),
        gap_sum=float(gaps.sum()),
        gap_squares=float((gaps * gaps).sum()),
        steps=sum(before != after for before, after in pairs),
        ascending=sum((len(after), after) > (len(before), before) for before, after in pairs),
        engaged=sum(event.type in ENGAGED or bool(event.user) for event in events),
        impressions=sum(event.type == "impression" for event in events),
    )


def find_machines(
    warehouse: Warehouse, since: datetime, until: datetime, now: datetime, limits: BehaviourLimits
) -> list[TrafficVerdict]:
    """Return verdicts about every session of the days from `since` to `until` that did what no person does.

    Sessions that may still go on are left for the next time.
    """
    found = warehouse.fetch(_QUERY, since=since, until=until, pages=limits.pages, break_ms=limits.break_seconds * 1000)
    settled_ms = (now - timedelta(minutes=limits.settled_minutes)).timestamp() * 1000
    names = [name for name in SessionFigures.__dataclass_fields__ if name not in ("gap_sum", "gap_squares")]
    verdicts: list[TrafficVerdict] = []
    for row in range(len(found["store"])):
        if float(found["last_ms"][row]) > settled_ms:
            continue
        did = SessionFigures(
            **{name: int(found[name][row]) for name in names},
            gap_sum=float(found["gap_sum"][row]),
            gap_squares=float(found["gap_squares"][row]),
        )
        if (rule := suspicion(did, limits)) is not None:
            kind: SubjectKind = "session" if found["kind"][row] == "session" else "visitor"
            day = found["day"][row].astype("datetime64[s]").item().replace(tzinfo=UTC)
            verdicts.append(
                TrafficVerdict(
                    store=str(found["store"][row]), ts=day, kind=kind, subject=str(found["subject"][row]), rule=rule
                )
            )
    return verdicts
