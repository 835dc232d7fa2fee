"""No training row sees its own future, and what serving reads online is what training saw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import NO_CONSENT, Consent
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.commerce.traffic import SubjectKind, TrafficVerdict
from shopkeeper.engines.lake_columns import read_parts_sql, view_sql
from shopkeeper.features.definitions import features_of
from shopkeeper.features.kinds import ENTITIES, Attribute, EntityName
from shopkeeper.features.online import OnlineFeatures
from shopkeeper.features.ports import Example
from shopkeeper.features.sql import as_of_sql
from shopkeeper.features.sql_sums import seen_sql, sums_of, sums_sql
from shopkeeper.features.sql_training import training_sql
from shopkeeper.quality.views import VIEWS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORES = {
    "uk": Store(store="uk", customer_group="islands"),
    "ie": Store(store="ie", customer_group="islands"),
    "de": Store(store="de", consent_default=NO_CONSENT),
}
TYPES: tuple[EventType, ...] = ("impression", "view", "click", "search", "cart", "remove", "purchase", "refund")

moments = st.one_of(
    st.integers(0, 100 * 86_400_000_000).map(lambda us: NOON - timedelta(microseconds=us)),
    # Midnights, the edges of windows and the last hours are where mistakes would be.
    st.sampled_from([NOON.replace(hour=0) - timedelta(days=d) for d in (0, 1, 2, 7, 8, 30, 31, 90, 91)]),
    st.integers(0, 12 * 3_600_000_000).map(lambda us: NOON - timedelta(microseconds=us)),
)


@st.composite
def streams(draw: st.DrawFn, most: int = 60) -> list[Event]:
    """Return events of a few shoppers and products in any order."""
    return [
        Event(
            event_id=f"e{number}",
            ts=draw(moments),
            store=draw(st.sampled_from(["uk", "uk", "ie", "de"])),
            type=draw(st.sampled_from(TYPES)),
            user=draw(st.sampled_from(["ann", "ann", "böb", None])),
            visitor=draw(st.sampled_from(["v1", None])),
            session=draw(st.sampled_from(["s1", "s2", None])),
            product=draw(st.sampled_from(["lamp", "lamp", "rug", None])),
            quantity=draw(st.sampled_from([None, 1.0, 2.5])),
            price=draw(st.sampled_from([None, 0.1, 19.99, 1e6])),
            consent=draw(st.sampled_from([None, None, Consent(personalise=False), Consent(personalise=True)])),
            traffic=draw(st.sampled_from(["human"] * 5 + ["declared_bot"])),
        )
        for number in range(draw(st.integers(most // 4, most)))
    ]


@st.composite
def verdicts_on(draw: st.DrawFn, events: Sequence[Event]) -> list[TrafficVerdict]:
    """Return verdicts about some of the sessions and devices of events, and some that speak about nobody."""
    subjects: tuple[tuple[SubjectKind, str], ...] = (("session", "s1"), ("visitor", "v1"), ("session", "v1"))
    return [
        TrafficVerdict(store=event.store, ts=event.ts.replace(hour=0, minute=0, second=0, microsecond=0), kind=kind,
                       subject=subject, rule="test", traffic=draw(st.sampled_from(["suspected_bot"] * 3 + ["human"])))
        for event in draw(st.lists(st.sampled_from(events), max_size=20))
        for kind, subject in [draw(st.sampled_from(subjects))]
    ]  # fmt: skip


class Shop:
    """The relations of the lake in memory, and the statements compiled from the definitions over them."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": "1"})
        run = self.connection.execute
        run("SET TimeZone = 'UTC'")
        for name in ("events", "traffic_verdicts", "stores", "users", "products"):
            for relation, sql in view_sql(LOGGED_TABLES[name], read_parts_sql(LOGGED_TABLES[name], {})):
                run(f"CREATE TABLE {relation} AS {sql}")
        run(f"CREATE VIEW human_events AS {VIEWS['human_events']}")
        for store in STORES.values():
            self.insert("stores", store=store.store, customer_group=store.customer_group,
                        consent_default=msgspec.json.encode(store.consent_default).decode())  # fmt: skip

    def insert(self, table: str, **values: object) -> None:
        marks = ", ".join(f"${name}" for name in values)
        columns = ", ".join(f'"{name}"' for name in values)
        self.connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)

    def fill(self, events: Sequence[Event], verdicts: Sequence[TrafficVerdict] = ()) -> None:
        """Put exactly these events and verdicts in."""
        run = self.connection.execute
        run("DELETE FROM events")
        run("DELETE FROM traffic_verdicts")
        for verdict in verdicts:
            self.insert(
                "traffic_verdicts", **{**msgspec.structs.asdict(verdict), "ts": verdict.ts.replace(tzinfo=None)}
            )
        if events:
            self.connection.executemany(
                'INSERT INTO events (event_id, ts, store, type, "user", visitor, session, product, quantity, price, '
                "consent, traffic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_row(event) for event in events],
            )
        run(f"CREATE OR REPLACE TABLE seen AS {seen_sql()}")
        for entity in ENTITIES:
            for table in sums_of(entity):
                run(f"CREATE OR REPLACE TABLE {table.name} AS {sums_sql(table)}")

    def training(self, entity: EntityName, examples: Sequence[Example]) -> list[dict[str, Any]]:
        """Return the features of each example."""
        run = self.connection.execute
        run("CREATE OR REPLACE TABLE examples (example BIGINT, store VARCHAR, user_id VARCHAR, session_id VARCHAR, "
            "product VARCHAR, moment TIMESTAMP)")  # fmt: skip
        rows = [(n, x.store, x.user, x.session, x.product, x.at.replace(tzinfo=None)) for n, x in enumerate(examples)]
        self.connection.executemany("INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?)", rows)
        return sorted(self._rows(training_sql(entity)), key=lambda row: int(row["example"]))

    def as_of(self, entity: EntityName, at: datetime) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return keys and features of every entity at a moment."""
        run = self.connection.execute
        run(f"CREATE OR REPLACE TABLE whole AS {seen_sql()}")
        moment = {"at": at.replace(tzinfo=None)}
        run("CREATE OR REPLACE TABLE seen AS FROM whole WHERE ts >= CAST($at AS DATE) AND ts < $at", moment)
        keys = ENTITIES[entity].keys
        found = {tuple(row[key] for key in keys): row for row in self._rows(as_of_sql(entity), moment)}
        run("CREATE OR REPLACE TABLE seen AS FROM whole")
        return {key: {n: v for n, v in row.items() if n not in keys} for key, row in found.items()}

    def _rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        result = self.connection.execute(sql, parameters)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _row(event: Event) -> tuple[object, ...]:
    consent = msgspec.json.encode(event.consent).decode() if event.consent is not None else None
    return (event.event_id, event.ts.replace(tzinfo=None), event.store, event.type, event.user, event.visitor,
            event.session, event.product, event.quantity, event.price, consent, event.traffic)  # fmt: skip


def same(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return what differs between two reads, by more than 1e-9 of the value."""
    names = set(left) | set(right)
    return [
        f"{name}: {left.get(name)!r} is not {right.get(name)!r}"
        for name in sorted(names)
        if not _equal(left.get(name), right.get(name))
    ]


def _equal(left: object, right: object) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-9)
    return left == right


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.connection.close()


quiet = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
every_entity = pytest.mark.parametrize("entity", ENTITIES)
examples = st.lists(
    st.builds(
        Example,
        store=st.sampled_from(["uk", "ie", "de"]),
        at=moments,
        user=st.sampled_from(["ann", "böb"]),
        session=st.sampled_from(["s1", "s2"]),
        product=st.sampled_from(["lamp", "rug"]),
    ),
    min_size=1,
    max_size=6,
)


def online(events: list[Event], verdicts: Sequence[TrafficVerdict] = ()) -> OnlineFeatures:
    features = OnlineFeatures(STORES.get)
    for verdict in verdicts:
        features.leave_out(verdict)
    for event in events:
        features.observe(event)
    return features


def keys_of(entity: EntityName, example: Example) -> tuple[str, tuple[str, ...]]:
    who = ENTITIES[entity]
    scope = STORES[example.store].group if who.scope == "customer_group" else example.store
    ids = {"user_id": example.user, "session_id": example.session, "product": example.product}
    return scope, tuple(str(ids[column]) for column in who.ids)


@quiet
@given(events=streams(), asked=examples, data=st.data())
def test_a_training_row_equals_the_online_read_of_a_shop_that_saw_only_what_came_before(
    shop: Shop, events: list[Event], asked: list[Example], data: st.DataObject
) -> None:
    verdicts = data.draw(verdicts_on(events))
    shop.fill(events, verdicts)
    pasts = [online([event for event in events if event.ts < example.at], verdicts) for example in asked]
    for entity in ENTITIES:
        for example, past, row in zip(asked, pasts, shop.training(entity, asked), strict=True):
            scope, ids = keys_of(entity, example)
            del row["example"]
            assert same(row, past.read(entity, scope, ids, example.at)) == []


@quiet
@given(events=streams(), asked=examples, data=st.data())
def test_whatever_happens_at_or_after_an_example_never_changes_its_features(
    shop: Shop, events: list[Event], asked: list[Example], data: st.DataObject
) -> None:
    example = asked[0]
    shop.fill(events)
    before = {entity: shop.training(entity, [example]) for entity in ENTITIES}
    past = [event for event in events if event.ts < example.at]
    kept = [event for event in events if event.ts >= example.at and data.draw(st.booleans())]
    added = [
        msgspec.structs.replace(event, event_id=f"new-{event.event_id}", ts=example.at + timedelta(microseconds=shift))
        for event in data.draw(streams(10))
        for shift in [data.draw(st.sampled_from([0, 1, 86_400_000_000]))]
    ]
    shop.fill(past + kept + added)
    for entity in ENTITIES:
        for left, right in zip(before[entity], shop.training(entity, [example]), strict=True):
            assert same(left, right) == []


@quiet
@given(events=streams(), asked=examples, shift=st.sampled_from([1, 3_600_000_000, 86_400_000_000]))
def test_an_event_added_before_an_example_is_counted_by_it(
    shop: Shop, events: list[Event], asked: list[Example], shift: int
) -> None:
    example = asked[0]
    shop.fill(events)
    before = {entity: shop.training(entity, [example]) for entity in ENTITIES}
    seen = Event(event_id="new", ts=example.at - timedelta(microseconds=shift), store=example.store, type="view",
                 user=example.user, session=example.session, product=example.product,
                 consent=Consent(personalise=True))  # fmt: skip
    shop.fill([*events, seen])
    for entity in ENTITIES:
        name = f"{entity}_views_1d"
        assert shop.training(entity, [example])[0][name] == before[entity][0][name] + 1.0


@quiet
@given(events=streams(), data=st.data())
def test_the_table_of_a_cutoff_equals_the_online_reads_at_that_moment(
    shop: Shop, events: list[Event], data: st.DataObject
) -> None:
    verdicts = data.draw(verdicts_on(events))
    shop.fill(events, verdicts)
    live = online([event for event in events if event.ts < NOON], verdicts)
    for entity in ENTITIES:
        for (scope, *ids), row in shop.as_of(entity, NOON).items():
            assert same(row, live.read(entity, scope, ids, NOON)) == []


@every_entity
def test_an_event_just_before_an_example_counts_and_one_at_its_moment_does_not(shop: Shop, entity: EntityName) -> None:
    bought = Event(event_id="e", ts=NOON, store="uk", type="view", user="ann", session="s1", product="lamp")
    name = f"{entity}_views_1d"
    asked = [
        Example("uk", NOON + timedelta(microseconds=shift), user="ann", session="s1", product="lamp")
        for shift in (-1, 0, 1)
    ]
    shop.fill([bought])
    assert [row[name] for row in shop.training(entity, asked)] == [0.0, 0.0, 1.0]


@every_entity
def test_a_window_is_the_day_so_far_and_whole_days_before_it(shop: Shop, entity: EntityName) -> None:
    midnight = NOON.replace(hour=0)
    instants = [midnight - timedelta(days=1), midnight - timedelta(days=1, microseconds=1), midnight]
    shop.fill([
        Event(event_id=f"e{n}", ts=ts, store="uk", type="view", user="ann", session="s1", product="lamp")
        for n, ts in enumerate(instants)
    ])  # fmt: skip
    (row,) = shop.training(entity, [Example("uk", NOON, user="ann", session="s1", product="lamp")])
    assert row[f"{entity}_views_1d"] == 2.0


def test_stores_of_one_group_share_a_shopper_and_no_one_else_does(shop: Shop) -> None:
    shop.fill([
        Event(event_id=store, ts=NOON, store=store, type="purchase", user="ann", product="lamp", price=2.0,
              consent=msgspec.convert({"personalise": True}, type=type(STORES["uk"].consent_default)))
        for store in STORES
    ])  # fmt: skip
    later = NOON + timedelta(hours=1)
    rows = shop.training("user", [Example(store, later, user="ann") for store in STORES])
    assert [row["user_purchases_7d"] for row in rows] == [2.0, 2.0, 1.0]
    rows = shop.training("store_product", [Example(store, later, product="lamp") for store in STORES])
    assert [row["store_product_purchases_7d"] for row in rows] == [1.0, 1.0, 1.0]


def test_a_shopper_nobody_knows_has_sums_of_nothing_shares_at_their_prior_and_no_ages(shop: Shop) -> None:
    shop.fill([])
    (row,) = shop.training("user", [Example("uk", NOON, user="new")])
    assert row["user_views_30d"] == 0.0
    assert row["user_purchases_per_view_90d"] == pytest.approx((0 + 0.03 * 20) / (0 + 20))
    assert row["user_last_purchase_age"] is None
    assert row["user_mean_purchase_price_90d"] is None
    assert [row[f.name] for f in features_of("user") if isinstance(f, Attribute)] == [None] * 5
