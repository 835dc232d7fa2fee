"""One act that was reported twice under two ids is told from two acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.ports import NamedQuery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE: dict[str, Any] = {"store": "uk", "type": "view", "product": "p", "visitor": "v", "ts": NOON}


@pytest.mark.parametrize(
    ("change", "repeated"),
    [
        ({}, 1),
        ({"ts": NOON + timedelta(milliseconds=900)}, 1),
        ({"ts": NOON + timedelta(seconds=1)}, 0),
        ({"product": "q"}, 0),
        ({"type": "click"}, 0),
        ({"visitor": "w"}, 0),
        ({"properties": {"page_view_id": "b"}}, 0),
        ({"properties": {"page_view_id": 7, "x": 1}}, 0),
        ({"properties": {"colour": "red"}}, 1),
        ({"order_id": "o"}, 0),
        ({"position": 2}, 0),
        ({"traffic": "declared_bot"}, 0),
    ],
)
def test_the_same_act_within_a_second_under_another_id_is_a_repeat(
    tmp_path: Path, change: dict[str, Any], repeated: int
) -> None:
    rows = [Event(event_id="a", **BASE), Event(event_id="b", **{**BASE, **change})]
    log = SegmentLog(tmp_path / "log", "test")
    log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
    log.close()
    lake = Lake(tmp_path / "log", tmp_path / "lake", threads=1)
    lake.compact()
    warehouse = lake.warehouse()
    found = warehouse.fetch(NamedQuery.load("shopkeeper.quality", "event_repeats"), store="uk")
    left = warehouse.fetch(NamedQuery("test", "SELECT event_id FROM distinct_events ORDER BY event_id"))
    warehouse.close()
    people = 2 - ("traffic" in change)
    assert int(found["repeated"][0]) == repeated
    assert len(left["event_id"]) == people - repeated
