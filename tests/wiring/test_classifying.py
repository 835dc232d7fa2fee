"""What behaviour gives away is written beside the events, once, and readers of people leave it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.wiring.classifying import classify_traffic
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_state import open_workspace_state

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


class Shop:
    """A workspace that sessions are written into."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = create_workspace(folder)
        self.lake = Lake(
            self.settings.folder(self.settings.engines.log), self.settings.folder(self.settings.engines.lake), threads=1
        )

    def visit(self, session: str, pages: int, gap: float, at: datetime = NOON, received: datetime = NOON) -> None:
        log = SegmentLog(self.settings.folder(self.settings.engines.log), "test")
        rows = [
            Event(
                event_id=f"{session}-{n}", ts=at + timedelta(seconds=n * gap), store="uk", type="view", session=session,
                product=f"p{n * 7 % 11}", received_at=received,
            )
            for n in range(pages)
        ]  # fmt: skip
        log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
        log.close()
        self.lake.compact()

    def classify(self, now: datetime = LATER) -> dict[str, int]:
        with open_workspace_state(self.settings) as state:
            return classify_traffic(self.settings, Analytics(self.settings, self.lake), state, now)

    def count(self, table: str) -> int:
        warehouse = self.lake.warehouse()
        found = warehouse.fetch(NamedQuery("test", f"SELECT count(*) AS n FROM {table}"))  # noqa: S608
        warehouse.close()
        return int(found["n"][0])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop")
    shop.visit("machine", 40, 1.0)
    shop.visit("person", 5, 9.0)
    return shop


def test_a_machine_is_left_out_by_readers_of_people_and_stays_in_the_log(shop: Shop) -> None:
    assert shop.classify() == {"behaviour.rate": 1}
    assert (shop.count("events"), shop.count("human_events")) == (45, 5)
    warehouse = shop.lake.warehouse()
    assert len(extract_interactions(warehouse)) == 5
    warehouse.close()


def test_a_second_pass_finds_nothing_new(shop: Shop) -> None:
    shop.classify()
    assert shop.classify() == {}
    assert shop.count("traffic_verdicts") == 1


def test_old_days_that_come_later_are_judged_when_they_come(shop: Shop) -> None:
    shop.classify()
    shop.visit("old machine", 40, 1.0, at=NOON - timedelta(days=90), received=LATER)
    assert shop.classify(LATER + timedelta(hours=2)) == {"behaviour.rate": 1}


def test_a_verdict_holds_for_its_day_alone(shop: Shop) -> None:
    shop.classify()
    shop.visit("machine", 3, 9.0, at=LATER, received=LATER)
    assert shop.count("human_events") == 5 + 3


def test_a_session_that_still_goes_on_waits_for_the_next_pass(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.visit("machine", 40, 1.0)
    assert shop.classify(NOON + timedelta(minutes=10)) == {}
    assert shop.classify(NOON + timedelta(minutes=50)) == {"behaviour.rate": 1}
