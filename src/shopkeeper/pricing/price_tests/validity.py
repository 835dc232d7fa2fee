"""Whether a test of prices was what it was drawn to be: on each counted day each price the one of its cluster's arm.

The one question about a test's validity, for its analysis and for whoever alarms while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.proposal import PriceKey
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice, RunPrice

NAMED: Final = 3
"""Prices named in a reason."""


@dataclass(frozen=True, slots=True)
class Validity:
    """What was shown, held against the design.

    Attributes:
        price_days: Counted days of prices that differ between the arms, so far.
        otherwise: Of these, days on which another price was decided: a switch that came late or not at all, another
            run, a run taken back.
        mismatched: Days on which the shop showed another price than the decided one.
        unconfirmed: Share of the changes that nobody has seen in the shop; they count as shown.
        reasons: Why no figure of the test can be believed; none where it may be.
    """

    price_days: int
    otherwise: int
    mismatched: int
    unconfirmed: float
    reasons: tuple[str, ...]

    @property
    def wrong_share(self) -> float:
        """Share of price days on which another price than the design's was shown."""
        return (self.otherwise + self.mismatched) / self.price_days if self.price_days else 0.0


@dataclass(frozen=True, slots=True)
class _Held:
    """A price from one moment to another.

    Attributes:
        shown: Whether the shop showed it, as far as is known.
    """

    since: datetime
    until: datetime
    price: float
    shown: bool


def validity_of(
    test: PriceTest,
    tested: Iterable[RunPrice],
    clusters: Mapping[tuple[str, str], str],
    changes: Sequence[PriceChange],
    midnights: Mapping[str, Sequence[datetime]],
    tolerated: float,
) -> Validity:
    """Return whether a test is valid so far.

    Args:
        tested: Prices of the tested run: the current one is the control, the price the other arm.
        clusters: Cluster of each store and product.
        changes: Every change of prices of the test's stores since its start, in order.
        midnights: Store -> first moment of each day of the test that is over, and of the day after these.
        tolerated: Share of price days on which another price may have been shown.
    """
    by_key: dict[PriceKey, list[PriceChange]] = {}
    for one in changes:
        by_key.setdefault(one.key, []).append(one)
    design, switched = test.design, {name: place for place, name in enumerate(test.design.clusters)}
    table = design.table()
    days = otherwise = mismatched = seen = told = 0
    strangers: dict[PriceKey, None] = {}
    for row in tested:
        cluster = clusters.get((row.proposal.store, row.proposal.product))
        if cluster is None or cluster not in switched or not row.moves:
            continue
        starts, own = midnights[row.proposal.store], by_key.get(row.key, [])
        told, seen = told + len(own), seen + sum(bool(one.outcome) for one in own)
        held = list(_held(row.current, own, starts[0], starts[-1])) if len(starts) > 1 else []
        for day in range(len(starts) - 1):
            if day % design.period_days < design.washout_days:
                continue
            days += 1
            wanted = row.price if table[switched[cluster], day] else row.current
            there = [one for one in held if one.since < starts[day + 1] and one.until > starts[day]]
            if not all(_same(one.price, wanted) for one in there):
                otherwise += 1
                strangers.setdefault(row.key)
            elif not all(one.shown for one in there):
                mismatched += 1
                strangers.setdefault(row.key)
    unconfirmed = 1 - seen / told if told else 0.0
    found = Validity(days, otherwise, mismatched, unconfirmed, ())
    return Validity(days, otherwise, mismatched, unconfirmed, tuple(_reasons(found, tolerated, list(strangers))))


def _held(control: float, changes: Sequence[PriceChange], start: datetime, end: datetime) -> Iterator[_Held]:
    """Yield what a price was from one moment to the next; before its first change it is the control's."""
    since, price, shown = start, control, True
    for one in changes:
        if one.at > since:
            yield _Held(since, one.at, price, shown)
        since, price = max(one.at, start), one.price
        shown = one.outcome != "mismatch" and one.mismatch_at is None
        later = _turns_at(one)
        if later is not None and later > since:
            yield _Held(since, later, price, shown)
            since, shown = later, not shown
    if end > since:
        yield _Held(since, end, price, shown)


def _turns_at(change: PriceChange) -> datetime | None:
    """Return when the shop began to show a price it had shown otherwise, or no longer showed one it had; None = never.

    What it showed before it changed a price that was a mismatch once is not known, and counts as not shown.
    """
    mended = change.outcome == "confirmed" and change.mismatch_at is not None
    left = change.outcome == "changed" and change.mismatch_at is None
    return change.outcome_at if mended or left else None


def _reasons(found: Validity, tolerated: float, strangers: Sequence[PriceKey]) -> Iterator[str]:
    wrong = found.otherwise + found.mismatched
    if not wrong or found.wrong_share <= tolerated:
        return
    named = ", ".join(f"{product} in {store}" for store, _, product in strangers[:NAMED])
    more = f" and {len(strangers) - NAMED:,} more" if len(strangers) > NAMED else ""
    yield (
        f"on {wrong:,} of {found.price_days:,} price days another price than the design's held: {found.otherwise:,} by"
        f" another decision, {found.mismatched:,} as the shop showed another ({named}{more})"
    )


def spoilt_tests(
    mismatches: Iterable[PublishedPrice], held: Mapping[tuple[str, str], str]
) -> dict[str, list[PriceKey]]:
    """Return the running tests that prices which the shop does not show make invalid, and those prices.

    For whoever alarms on mismatches; how many a test bears (`mismatch_share` of its plan) is asked by its analysis.

    Args:
        mismatches: Prices that hold; of these only those whose outcome is `mismatch` or `changed` count.
        held: Store and product -> running test, as `PriceTests.held` gives it.
    """
    found: dict[str, list[PriceKey]] = {}
    for one in mismatches:
        test = held.get((one.store, one.product))
        if test is not None and one.outcome in {"mismatch", "changed"}:
            found.setdefault(test, []).append(one.key)
    return found


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other))
