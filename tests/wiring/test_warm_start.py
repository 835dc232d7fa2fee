"""Which refusals the log still holds of shoppers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from shopkeeper.commerce.event import Event, EventType, meant
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.recommendations.behaviour.refusals import refusals
from shopkeeper.serving.ports import SessionEvent
from shopkeeper.wiring.warm_start import standing_refusals

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
STEPS: dict[str, list[EventType]] = {
    "waved-away": ["view", "dismiss", "view"],
    "wanted": ["dismiss", "view", "cart"],
    "again": ["dismiss", "cart", "dismiss"],
    "taken-out": ["cart", "remove"],
    "seen-since": ["cart", "remove", "view"],
    "both": ["dismiss", "remove", "view"],
    "met": ["view", "purchase"],
    "disliked": ["purchase", "rating"],
}
"""Product -> what a shopper did with it, ten days ago."""


def test_the_log_knows_the_refusals_that_stand_as_a_profile_of_all_events_would(tmp_path: Path) -> None:
    events = [
        Event(
            event_id=f"{user}{product}{n}", ts=NOW - timedelta(days=10, minutes=-n), store="uk", type=type_,
            product=product, user=user, visitor=visitor, value=1.0 if type_ == "rating" else None,
        )
        for user, visitor in (("ann", "a"), (None, "b"))
        for product, types in STEPS.items()
        for n, type_ in enumerate(types)
    ]  # fmt: skip
    late = Event(event_id="x", ts=NOW - timedelta(days=3), store="uk", type="cart", product="waved-away", user="ben")
    gone = Event(event_id="y", ts=NOW - timedelta(days=400), store="uk", type="dismiss", product="old", user="ann")
    log = SegmentLog(tmp_path / "log", "test")
    log.append(EVENTS, [msgspec.json.encode(event) for event in (*events, late, gone)])
    log.close()
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    lake.compact()
    warehouse = lake.warehouse()
    found = list(standing_refusals(warehouse, NOW))
    assert list(standing_refusals(warehouse, NOW, 3)) == found[-3:]
    warehouse.close()
    by_profile = refusals(SessionEvent(str(e.product), meant(e), e.ts) for e in events if e.user == "ann")
    assert by_profile == {"waved-away", "again", "taken-out", "both", "disliked"}
    for visitor in ("a", "b"):
        assert {event.product for event in found if event.visitor == visitor} == by_profile
    assert [event.ts for event in found] == sorted(event.ts for event in found)
    assert {event.user for event in found} == {"ann", None}
