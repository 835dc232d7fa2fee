"""Whether the shop shows a published price: what its feed says, and when that counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PublishedPrice

NEAR: Final = 0.005
"""Half the smallest coin: prices nearer to each other are the same."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A price the shop's own feed shows, and since when."""

    price: float
    at: datetime


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
