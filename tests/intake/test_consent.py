"""Consent: found in order, and whatever mix of it comes, nothing forbidden is read, written or kept."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import FULL_CONSENT, NO_CONSENT, Consent
from shopkeeper.commerce.event import Event, EventCount
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper, User
from shopkeeper.commerce.store import Store
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.consent import NOT_SAID, UserConsents, counted, effective, said_in, without_keys
from shopkeeper.intake.ports import RejectedRow, SourcedRow
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.live_events import LiveEvents
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.recent_ids import RecentIds
from shopkeeper.serving.session_state import SessionState
from shopkeeper.serving.telemetry import Telemetry

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
YES, NO = Consent(measure=True, personalise=True), Consent(measure=False, personalise=False)


def user(store: str, consent: Consent | None, hours: float = 0, *, deleted: bool = False) -> SourcedRow:
    return SourcedRow(User(user="ann", store=store, consent=consent), NOON + timedelta(hours=hours), deleted)


def records(*rows: SourcedRow) -> UserConsents:
    groups = {"uk": "europe", "de": "europe"}
    consents = UserConsents(lambda store: groups.get(store, store))
    consents.apply(rows)
    return consents


def test_the_event_is_asked_first_then_the_record_then_the_store() -> None:
    store = Store(store="uk", consent_default=Consent(measure=True, personalise=True, email=False))
    said, record = Consent(measure=False), Consent(measure=True, personalise=False)
    assert effective(said, record, store) == Consent(measure=False, personalise=False, email=False)


def test_what_nobody_said_is_not_allowed() -> None:
    assert effective(None, NOT_SAID, None) == NO_CONSENT
    assert effective(None, NOT_SAID, Store(store="uk", consent_default=Consent())) == NO_CONSENT


def test_the_newest_record_of_a_user_holds_and_a_deleted_one_says_nothing() -> None:
    assert records(user("uk", NO, 1), user("uk", YES, 0)).of("uk", "ann") == NO
    assert records(user("uk", NO, 1), user("uk", None, 2, deleted=True)).of("uk", "ann") == NOT_SAID


def test_a_refusal_in_one_store_counts_in_the_others_of_its_customer_group() -> None:
    consents = records(user("uk", NO))
    assert consents.of("de", "ann") == NO
    assert consents.of("us", "ann") == NOT_SAID


def test_the_stores_own_record_stands_before_the_shared_one() -> None:
    assert records(user("", YES), user("uk", NO)).of("uk", "ann") == NO
    assert records(user("", NO)).of("us", "ann") == NO


def test_of_an_event_without_consent_stays_store_day_type_product_and_units() -> None:
    said = Event(
        event_id="7", ts=NOON, store="uk", type="cart", product="a", quantity=2, visitor="v", user="ann", price=3.0
    )
    [count] = counted([said])
    assert count == EventCount(
        count_id=count.count_id, ts=NOON.replace(hour=0), store="uk", type="cart", product="a", n=1, quantity=2
    )
    assert count.count_id != said.event_id


def test_an_event_is_known_by_its_id_whatever_came_with_it() -> None:
    def ids(names: str) -> list[str]:
        return [row.count_id for row in counted(Event(event_id=n, ts=NOON, store="uk", type="view") for n in names)]

    assert ids("aba") == ids("a") + ids("b") + ids("a")
    assert len(set(ids("abc"))) == 3


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, NOT_SAID),
        ({"consent": {"measure": False}}, Consent(measure=False)),
        ({"consent_measure": "false"}, Consent(measure=False)),
        ({"consent_measure": "false", "consent": {"personalise": True}}, Consent(measure=False, personalise=True)),
        ({"consent": "perhaps"}, NO_CONSENT),
        ({"consent": {"measure": "perhaps"}}, NO_CONSENT),
    ],
)
def test_consent_of_a_raw_event_that_cannot_be_read_is_a_refusal(raw: dict[str, Any], said: Consent) -> None:
    assert said_in(raw) == said


def test_of_a_rejected_event_only_what_leads_to_nobody_stays() -> None:
    raw = {"store": "uk", "type": "view", "product": ["p1"], "visitor": "zoe", "mail": "zoe@home", "price": "x"}
    problems = (FieldProblem("visitor", "got 'zoe'"), FieldProblem("price", "got 'x'"))
    kept = without_keys(RejectedRow("events", "uk", "http", 1, raw, problems))
    assert kept.raw == {"store": "uk", "type": "view", "price": "x", "consent": {"measure": False}}
    assert "zoe" not in str(kept)
    assert kept.problems[1] == problems[1]


@dataclass
class Counts:
    """Live counts, which never see a shopper."""

    seen: list[tuple[object, ...]] = field(default_factory=list)

    def record(self, *counted: object) -> None:
        self.seen.append(counted)

    def record_all(self, store: str, events: Sequence[Event], categories: Sequence[Iterable[str]]) -> None:
        for event, paths in zip(events, categories, strict=True):
            self.record(store, event.product, paths, event.type, event.ts)


CHOICES = st.sampled_from([None, True, False])
CONSENTS = st.one_of(st.none(), st.builds(Consent, measure=CHOICES, personalise=CHOICES))
STEPS = st.lists(
    st.tuples(CONSENTS, st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["view", "search", "purchase"])),
    min_size=1,
    max_size=8,
)


class Sequences:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def record(self, group: str, events: Sequence[Event]) -> None:  # noqa: ARG002 - there is one group
        self.heard += events


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(default=CONSENTS, record=CONSENTS, steps=STEPS)
def test_for_any_mix_of_consents_nothing_forbidden_is_read_written_or_kept(
    folder: Path, default: Consent | None, record: Consent | None, steps: list[tuple[Any, ...]]
) -> None:
    """Keys are unique texts, so the bytes of the log and the memory of the profiles say what was kept of whom."""
    log_folder = folder / f"{time.time_ns()}"
    catalogue = Catalogue()
    catalogue.apply([SourcedRow(Store(store="uk", consent_default=default or FULL_CONSENT), NOON)])
    catalogue.apply([SourcedRow(Product(product="lamp", store="uk"), NOON)])
    consents = UserConsents(catalogue.group)
    consents.apply([SourcedRow(User(user="user-with-record", store="uk", consent=record), NOON)])
    sessions, counts, sequences = SessionState(1_000), Counts(), Sequences()
    events, expected = [], []
    for place, (said, with_user, with_visitor, with_record, type_) in enumerate(steps):
        who = "user-with-record" if with_record else f"user-{place}-"
        keys: dict[str, Any] = {
            "user": who if with_user else None,
            "visitor": f"visitor-{place}-" if with_visitor else None,
            "session": f"session-{place}-",
        }
        event = Event(
            event_id=f"event-{place}-", ts=NOON, store="uk", type=type_, product="lamp", consent=said,
            decision_id=f"decision-{place}-", **keys,
        )  # fmt: skip
        said_by_record = record if with_user and with_record and record is not None else NOT_SAID
        expected.append((event, effective(said, said_by_record, catalogue.store("uk"))))
        events.append(event)

    async def scenario() -> None:
        log = GroupCommit(SegmentLog(log_folder, "test"))
        live = LiveEvents(
            log,
            catalogue,
            consents,
            Profiles(sessions),
            counts,
            RecentIds(100),
            Telemetry(time.time),
            time.perf_counter,
            sequences=sequences,
        )
        taken = await live.take(events)
        assert taken.accepted == len(events)
        await log.close()

    asyncio.run(scenario())
    logged = b"".join(path.read_bytes() for path in log_folder.iterdir()).decode("utf-8", "replace")
    for place, (event, consent) in enumerate(expected):
        own = [f"{name}-{place}-" for name in ("event", "user", "visitor", "session", "decision")]
        if consent.measure:
            assert event.event_id in logged
        else:
            assert not [key for key in own if key in logged]
        if not consent.personalise:
            lone = [Shopper("uk", None, event.visitor), Shopper("uk", None, None, event.session)]
            mine = [Shopper("uk", event.user)] if event.user != "user-with-record" else []
            assert not [shopper for shopper in lone + mine if sessions.read(shopper).events]
        assert consent.personalise or event not in sequences.heard
    measured_users = [e for e, consent in expected if consent.measure and e.user == "user-with-record"]
    assert ("user-with-record" in logged) == bool(measured_users)
    assert len(counts.seen) == len(events), "counts without a person are always kept"
