"""Whether the shop shows a published price: what its feed says, and when that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PublishedPrice

NEAR: Final = 0.005
"""Half the smallest coin: prices nearer to each other are the same."""
OFTEN: Final = 2
"""Times a higher price must have been paid: one order may be a clerk's slip."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A price the shop's own feed shows, and since when."""

    price: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Paid:
    """A price that ordinary shoppers paid for one unit: how often, and when last."""

    price: float
    times: int
    last: datetime


def paid_as_decided(published: PublishedPrice, lines: Iterable[Paid]) -> Shown | None:
    """Return that somebody paid a price since it holds; None where nobody did."""
    same = [one.last for one in lines if abs(one.price - published.price) < NEAR and one.last >= published.at]
    return Shown(published.price, max(same)) if same else None


def overcharged(published: PublishedPrice, lines: Iterable[Paid], grace: timedelta) -> Shown | None:
    """Return the higher price that the shop charges, where it charges one.

    No voucher and no cart makes anybody pay more. It counts once it was paid twice after the shop had time to take the
    decided price, and until somebody pays that again.
    """
    lines = list(lines)
    right = max((one.last for one in lines if abs(one.price - published.price) < NEAR), default=published.at)
    more = [
        one
        for one in lines
        if one.price - published.price >= NEAR and one.times >= OFTEN and one.last > max(right, published.at + grace)
    ]
    newest = max(more, key=lambda one: one.last, default=None)
    return None if newest is None else Shown(newest.price, newest.last)


def charged(published: PublishedPrice, higher: Shown, at: datetime) -> Seen | None:
    """Return that a price is charged too high, where that is new; whatever the feed says, it is a mismatch."""
    same = published.observed is not None and abs(published.observed - higher.price) < NEAR
    known = published.outcome == "mismatch" and same
    return None if known else Seen(published.number, "mismatch", higher.price, at)


def judged(
    published: PublishedPrice, shown: Shown | None, waits: bool, grace: timedelta, at: datetime
) -> Seen | None:  # fmt: skip
    """Return what the shop made of a price, where that is new; None where nothing is.

    A row of its feed from before the price was published says nothing of it. Another price is no mismatch while the
    change waits to be handed over and still may. A price it showed once and shows no more it changed itself.

    Args:
        waits: Nobody was told the change yet.
        grace: After so long the shop should show it whoever was told.
    """
    if shown is None or shown.at < published.at:
        return None
    if abs(shown.price - published.price) < NEAR:
        return None if published.outcome == "confirmed" else Seen(published.number, "confirmed", shown.price, at)
    if published.outcome in {"confirmed", "changed"}:
        same = published.observed is not None and abs(published.observed - shown.price) < NEAR
        return None if same else Seen(published.number, "changed", shown.price, at)
    if waits and at - published.at <= grace:
        return None
    same = published.outcome == "mismatch" and published.observed == shown.price
    return None if same else Seen(published.number, "mismatch", shown.price, at)
