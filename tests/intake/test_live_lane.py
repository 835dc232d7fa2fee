"""The lane takes a body only where the judge takes all of it, and makes of it what the judge makes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import RequestRejected
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.live import take_events
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.contract_file import read_contract
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules
from shopkeeper.web.batch import read_batch
from shopkeeper.wiring.contracts import default_contract

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
STORES = {"uk": Store(store="uk"), "de": Store(store="de", time_zone="Europe/Berlin")}
MOST = 5
FUTURE = 300.0
RULES = RowRules(lambda _: read_contract(default_contract(), "default"))
NOBODY = KnownTraffic()
STAFF = KnownTraffic(users=frozenset({"ann"}))


def judges(default: str | None, known: KnownTraffic) -> tuple[ArrivingEvents, LiveLane]:
    rows = RowValidator(EVENTS, STORES, default, lambda: NOW, FUTURE, RULES)
    judge = ArrivingEvents(rows, TrafficRules(known), lambda _: "hash")
    return judge, LiveLane(judge, rows.zone, STORES, default, RULES, lambda: NOW, FUTURE, MOST)


def both(body: bytes, default: str | None = None, known: KnownTraffic = NOBODY) -> bool:
    """Hold the lane to the judge; say whether the body took the lane."""
    judge, lane = judges(default, known)
    sent = lane.read(body)
    sure = None if sent is None else lane.judge(sent)
    if sure is None:
        return False
    judged = take_events(read_batch(body, "events", MOST).rows, judge, default)
    assert not judged.rejected
    lines = [msgspec.json.encode(row) for row in judged.rows]
    assert sure.lines == b"\n".join(lines) + b"\n"
    assert [msgspec.json.encode(event) for event in sure.events] == lines
    assert [event.ts for event in sure.events] == [row.ts for row in judged.rows]
    return True


IDS: st.SearchStrategy[Any] = st.sampled_from(
    ["ann", "a b", " ann", "ann ", "\u2003x", "x\u00a0", "null", "nan", "<NA>", "undefined", "NaN", "", "x" * 200,
     "x" * 201, "Größe", 'a"b', "a\\b", "a\x00b", "a\nb", "\ud800", 7, 7.5, True, None, [], {"a": 1}]
)  # fmt: skip
LABELS = st.sampled_from(["red shoes", " red", "red ", "", "x" * 501, "Schuhe für", "null", "12", 3, None, "a\x00"])
NUMBERS = st.sampled_from([0, 1, 1.5, -1, "2", "2.5", "x", 1e9, 2e9, 1e6, 1e6 + 1, True, None, "", 10_000_001, 3.0])
TIMES = st.sampled_from(
    [NOW.timestamp(), NOW.timestamp() * 1e3, 1_700_000_000_123_456, 1_700_000_000, "1700000000", "20240101", 0, -1,
     "2026-05-31T10:00:00Z", "2026-05-31T10:00:00.1234567Z", "2026-05-31 10:00:00", "2026-05-31T10:00:00+02:00",
     "2026-05-31", "2026-05-31T10:00:60Z", "2026-05-31t10:00:00z", "2026-06-01T12:05:00Z", "2026-06-01T12:05:01Z",
     "", None, "soon", "null", True, 1e300, "2026-13-01T00:00:00Z", "2026-05-31T10:00:00.5Z", "2026-05-31T10:00Z"]
)  # fmt: skip
EXTRAS = st.sampled_from(
    [{}, {"a": 1}, {"a": [1]}, {"a": None}, {"ip": "1.2.3.4"}, {"note": "x" * 10_001}, "broken", '{"a": 1}', None,
     {"a": ""}, {"é": " x "}]
)  # fmt: skip
CONSENTS = st.sampled_from([None, {}, {"measure": False}, {"measure": "no"}, {"other": 1}, "", "x", {"email": True}])
AGENTS = st.sampled_from(["Mozilla/5.0 (iPhone) Safari/604.1", "Googlebot/2.1", "curl/8", "", " curl/8", None, 1])
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "visitor": IDS, "user": IDS, "session": IDS, "order_id": IDS, "decision_id": IDS, "price": NUMBERS,
    "quantity": NUMBERS, "position": NUMBERS, "results": NUMBERS, "value": NUMBERS, "query": LABELS,
    "surface": LABELS, "device": LABELS, "referrer": LABELS, "ip_hash": LABELS, "traffic_rule": LABELS,
    "currency": st.sampled_from(["GBP", "gbp", "", "XX", None]), "properties": EXTRAS, "consent": CONSENTS,
    "user_agent": AGENTS, "traffic": st.sampled_from(["human", "declared_bot", "robot", "", None]),
    "store": st.sampled_from(["uk", "de", "nowhere", "", None]), "received_at": TIMES, "ip": IDS, "colour": LABELS,
    "consent_measure": st.booleans(),
}  # fmt: skip
ROWS = st.fixed_dictionaries(
    {"event_id": st.uuids().map(str)},
    optional={
        "ts": TIMES, "store": st.just("uk"), "product": IDS,
        "type": st.sampled_from(["view", "search", "purchase", "stare", None]),
    },
)  # fmt: skip
USUAL = st.fixed_dictionaries(
    {"event_id": IDS | st.uuids().map(str), "ts": TIMES, "store": st.just("uk"), "product": IDS,
     "type": st.sampled_from(["view", "search"])}
)  # fmt: skip


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True))
        rows.append({**draw(USUAL | ROWS), **{name: draw(COLUMNS[name]) for name in names}})
    body: Any = draw(st.sampled_from([rows, rows[0], {"events": rows}]))
    return json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None)
@given(body=bodies(), default=st.sampled_from([None, "uk", "de"]), known=st.sampled_from([NOBODY, STAFF]))
def test_what_the_lane_takes_is_what_the_judge_makes_of_it(
    body: bytes, default: str | None, known: KnownTraffic
) -> None:
    both(body, default, known)


def event(number: int = 1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    row = {"event_id": f"e{number}", "ts": NOW.timestamp() - number, "store": "uk", "type": "view", "product": "p1"}
    return {**row, "visitor": "bob", **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"ts": NOW.timestamp() * 1000}, {"ts": "2026-05-31T10:00:00.123Z"}, {"ts": "2026-05-31T10:00:00+02:00"},
        {"user": "ann", "session": "s"}, {"type": "search", "query": "red shoes", "product": None},
        {"consent": {"measure": False}}, {"user_agent": "curl/8"}, {"properties": {"colour": "red", "n": 1}},
        {"price": 9.5, "quantity": 2, "currency": "GBP"}, {"query": "Größe"}, {"visitor": "Größe"},
    ],
    ids=lambda fields: "-".join(fields) or "plain",
)  # fmt: skip
def test_what_shops_usually_send_takes_the_lane(fields: dict[str, Any]) -> None:
    assert both(json.dumps([event(1, **fields), event(2)]).encode())
    assert both(json.dumps(event(1, **fields)).encode(), "uk", STAFF)


def test_a_key_of_one_store_gives_it_to_events_that_name_none() -> None:
    nameless = {name: value for name, value in event().items() if name != "store"}
    assert both(json.dumps([nameless]).encode(), "uk")
    assert not both(json.dumps([nameless]).encode())


@pytest.mark.parametrize(
    "rows",
    [
        [], [event(n) for n in range(MOST + 1)], [event(1), event(2, store="de")], [event(store="nowhere")],
        [event(ts=(NOW + timedelta(seconds=FUTURE + 1)).isoformat())], [event(price=-1)], [event(received_at=1)],
        [event(product=None)], [event(visitor="null")], [event(visitor="\u2003ann")], [event(query=" red")],
    ],
    ids=["none", "many", "two stores", "unknown store", "future", "negative", "received", "no product", "null", "blank",
         "blanks"],
)  # fmt: skip
def test_whatever_has_to_be_looked_at_goes_to_the_judge(rows: list[dict[str, Any]]) -> None:
    assert not both(json.dumps(rows).encode())


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 5000, b"[NaN]", b'{"events": 1}'])
def test_a_body_that_cannot_be_read_goes_to_the_judge(body: bytes) -> None:
    assert not both(body)
    with pytest.raises(RequestRejected):
        take_events(read_batch(b"[", "events", MOST).rows, judges(None, NOBODY)[0], None)
