"""Bodies that come together are one batch, and each is answered as if it had come alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, TableSchema
from shopkeeper.errors import Overloaded
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.consent import UserConsents
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.joined_events import ALONE, JoinedEvents
from shopkeeper.serving.live_events import LiveEvents, TakenEvents
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.recent_ids import RecentIds
from shopkeeper.serving.session_state import SessionState
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.wiring.contracts import default_contract

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Paper:
    """A log that can be full."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.full = self.writing = False

    async def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        await self.append_lines(table, b"\n".join(rows) + b"\n", len(rows))

    async def append_lines(self, table: TableSchema, lines: bytes, rows: int) -> None:
        assert table is EVENTS
        assert lines.count(b"\n") == rows
        self.writing = True
        await asyncio.sleep(0)
        self.writing = False
        if self.full:
            raise Overloaded("Full.")
        self.batches.append(rows)


class Door:
    def __init__(self) -> None:
        catalogue, self.paper = Catalogue(), Paper()
        catalogue.apply([SourcedRow(Store(store="uk"), NOON)])
        rules = RowRules(lambda _: read_contract(default_contract(), "default"))
        rows = RowValidator(EVENTS, catalogue.declared, "uk", lambda: NOON, rules=rules)
        judge = ArrivingEvents(rows, TrafficRules(KnownTraffic()), lambda _: "hash")
        self.lane = LiveLane(judge, rows.zone, catalogue.declared, "uk", rules, lambda: NOON, 300.0, 1_000)
        self.joined = JoinedEvents(
            LiveEvents(
                self.paper, catalogue, UserConsents(catalogue.group), Profiles(SessionState(100)), Trending(),
                RecentIds(1_000), Telemetry(lambda: 0.0), lambda: 0.0, sequences=LiveIncrements(),
            )
        )  # fmt: skip

    def send(self, *bodies: object) -> list[TakenEvents | BaseException | None]:
        """Send bodies in one turn of the loop."""

        async def turn() -> list[TakenEvents | BaseException | None]:
            sent = [self.joined.take(self.lane, json.dumps(body).encode()) for body in bodies]
            return await asyncio.gather(*sent, return_exceptions=True)

        return asyncio.run(turn())


def event(name: str, **fields: object) -> dict[str, object]:
    return {"event_id": name, "ts": NOON.timestamp(), "type": "view", "product": "p", "visitor": "v", **fields}


def test_bodies_that_come_together_are_written_together_and_counted_apart() -> None:
    door = Door()
    assert door.send(event("a"), [event("b"), event("c")], event("d")) == [
        TakenEvents(1, 0), TakenEvents(2, 0), TakenEvents(1, 0),
    ]  # fmt: skip
    assert door.paper.batches == [4]


def test_what_comes_while_others_are_written_is_the_next_batch() -> None:
    door = Door()

    async def meanwhile() -> list[TakenEvents | None]:
        first = asyncio.ensure_future(door.joined.take(door.lane, json.dumps(event("a")).encode()))
        while not door.paper.writing:
            await asyncio.sleep(0)
        later = [door.joined.take(door.lane, json.dumps(event(name)).encode()) for name in "bca"]
        return await asyncio.gather(first, *later)

    assert asyncio.run(meanwhile()) == [*[TakenEvents(1, 0)] * 3, TakenEvents(0, 1)]
    assert door.paper.batches == [1, 2]


def test_an_event_two_bodies_bring_is_taken_of_the_first() -> None:
    door = Door()
    assert door.send(event("a"), [event("b"), event("a")], event("b")) == [
        TakenEvents(1, 0), TakenEvents(1, 1), TakenEvents(0, 1),
    ]  # fmt: skip
    assert door.paper.batches == [2]


def test_a_body_that_has_to_be_looked_at_hinders_no_other() -> None:
    door = Door()
    assert door.send(event("a"), event("b", visitor="null"), event("c"), "text") == [
        TakenEvents(1, 0), None, TakenEvents(1, 0), None,
    ]  # fmt: skip
    assert sorted(door.paper.batches) == [1, 1]


def test_a_large_body_is_a_batch_of_its_own() -> None:
    door = Door()
    assert door.send(event("a"), [event(str(n)) for n in range(ALONE)]) == [TakenEvents(1, 0), TakenEvents(ALONE, 0)]
    assert sorted(door.paper.batches) == [1, ALONE]


def test_while_the_log_is_full_everybody_is_told_and_nothing_counts_as_sent() -> None:
    door = Door()
    door.paper.full = True
    refused = door.send(event("a"), event("b"))
    assert [type(answer) for answer in refused] == [Overloaded, Overloaded]
    door.paper.full = False
    assert door.send(event("a"), event("b")) == [TakenEvents(1, 0), TakenEvents(1, 0)]


@pytest.mark.parametrize("broken", ['{"event_id": "x"}, {"event_id": "y"', '{"event_id": "x"}, {"event_id": "y"}', "{"])
def test_no_body_changes_what_another_means(broken: str) -> None:
    door = Door()

    async def turn() -> list[TakenEvents | None]:
        bodies = [broken.encode(), json.dumps(event("a")).encode(), b'"}']
        return await asyncio.gather(*(door.joined.take(door.lane, body) for body in bodies))

    assert asyncio.run(turn()) == [None, TakenEvents(1, 0), None]
