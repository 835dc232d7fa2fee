"""Every event is classified and stripped before it is written, whichever way it came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.intake.arrival import ADDRESS_COLUMNS, ArrivingEvents, address_in, without_address
from shopkeeper.intake.live import take_events
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.traffic import KnownTraffic, TrafficRules, read_networks

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
ADDRESS = "198.51.100.77"


def judge(*, keep_agents: bool = False, empty_is_said: bool = True) -> ArrivingEvents:
    validator = RowValidator(EVENTS, {"uk": Store(store="uk")}, "uk", lambda: NOW)
    rules = TrafficRules(KnownTraffic(networks=read_networks(["203.0.113.0/24"])))
    return ArrivingEvents(
        validator, rules, lambda address: f"hash-{len(address)}", keep_agents=keep_agents, empty_is_said=empty_is_said
    )


def raw(**more: object) -> dict[str, Any]:
    return {"ts": "2026-11-01T11:00:00Z", "type": "view", "product": "p", "visitor": "v", **more}


def taken(row: dict[str, Any], by: ArrivingEvents | None = None) -> Event:
    event = (by or judge()).check(row, 1)
    assert isinstance(event, Event)
    return event


def test_a_persons_event_stays_human_and_keeps_the_class_of_its_agent() -> None:
    event = taken(raw(user_agent=CHROME))
    assert (event.traffic, event.traffic_rule, event.user_agent) == ("human", None, "chrome desktop")


def test_a_crawlers_event_is_taken_and_classified() -> None:
    event = taken(raw(user_agent="Googlebot/2.1"))
    assert (event.traffic, event.traffic_rule, event.user_agent) == ("declared_bot", "agent.crawler", "bot")


def test_agents_are_kept_whole_where_the_shop_wants_it() -> None:
    assert taken(raw(user_agent=CHROME), judge(keep_agents=True)).user_agent == CHROME


def test_an_empty_agent_is_a_sign_where_it_was_sent_and_none_where_a_cell_is_empty() -> None:
    assert taken(raw(user_agent="")).traffic_rule == "agent.empty"
    assert taken(raw(user_agent=""), judge(empty_is_said=False)).traffic == "human"
    assert taken(raw()).traffic == "human"


@pytest.mark.parametrize("name", [*sorted(ADDRESS_COLUMNS), "IP", "Client IP", "X-Forwarded-For"])
def test_an_address_becomes_a_hash_and_is_nowhere_in_the_event(name: str) -> None:
    for row in (raw(**{name: ADDRESS}), raw(properties={name: ADDRESS}), raw(properties=json.dumps({name: ADDRESS}))):
        event = taken(row)
        assert ADDRESS not in msgspec.json.encode(event).decode()
        assert event.ip_hash == f"hash-{len(ADDRESS)}"


def test_of_a_chain_of_proxies_the_first_address_is_the_shoppers() -> None:
    assert address_in({"x-forwarded-for": f"{ADDRESS}, 10.0.0.1"}) == ADDRESS


def test_what_is_no_address_gives_no_hash() -> None:
    assert taken(raw(ip="hidden")).ip_hash is None


def test_an_office_is_known_by_its_network_before_the_address_goes() -> None:
    event = taken(raw(ip="203.0.113.5", user_agent=CHROME))
    assert (event.traffic, event.traffic_rule) == ("internal", "internal.address")


def test_the_name_of_an_event_does_not_depend_on_its_address_so_nobody_can_guess_it_back() -> None:
    assert taken(raw(ip=ADDRESS)).event_id == taken(raw()).event_id


def test_a_rejected_row_goes_to_quarantine_without_its_address() -> None:
    rows = [raw(type="dance", ip=ADDRESS, properties={"client_ip": ADDRESS}), "no row"]
    rejected = take_events(rows, judge(), "uk").rejected
    assert len(rejected) == 2
    assert ADDRESS not in msgspec.json.encode(rejected).decode()


def test_a_row_without_address_is_not_copied() -> None:
    row = raw(properties={"page": 1})
    assert without_address(row) is row


@given(st.dictionaries(st.sampled_from(["ip", "IP", "Remote-Addr", "page", "user_agent", "ts"]), st.text(max_size=20)))
def test_whatever_a_row_holds_no_column_of_an_address_is_left(row: dict[str, str]) -> None:
    kept = without_address(row)
    assert all(name in kept for name in ("page", "user_agent", "ts") if name in row)
    assert not {"ip", "IP", "Remote-Addr"} & kept.keys()


@given(st.recursive(st.none() | st.text() | st.integers() | st.floats(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_the_judge_never_raises(row: object) -> None:
    judge().check(row, 1)  # type: ignore[arg-type]  # the point of it
