"""A shop's own code asks by OpenFeature, through the SDK's client, and conversions come back as events."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from msgspec.structs import replace
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason
from openfeature.track import TrackingEventDetails

from shopkeeper.commerce.event import Event
from shopkeeper.engines.http_conversions import HttpConversions
from shopkeeper.engines.open_feature import POLL_SECONDS, FlagProvider
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.experiments.sticky import MemorySticky

TEST = LiveTest(
    test="r7", kind="rollout", system="recommendations", seed="s7", epoch=2, holdout=0.0,
    arms=(TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, settings={"mmr": 0.3, "k": 5})),
)  # fmt: skip
ANN = EvaluationContext("ann", {"store": "uk"})


class Running:
    """What runs, in memory; silent when `down`."""

    def __init__(self, *tests: LiveTest) -> None:
        self.tests, self.turn, self.down = tests, 0, False

    def revision(self) -> int:
        if self.down:
            raise Unavailable("The database does not answer.")
        return self.turn

    def running(self) -> tuple[LiveTest, ...]:
        return self.tests


class Shop:
    """A client over a provider, with a clock of its own."""

    def __init__(self) -> None:
        self.live, self.now, self.stops = Running(TEST), 0.0, list[StopOrder]()
        self.events = list[Event]()
        self.provider = FlagProvider(self.live, lambda: tuple(self.stops), MemorySticky(), self, clock=lambda: self.now)
        api.set_provider(self.provider)
        self.client: OpenFeatureClient = api.get_client()

    def note(self, event: Event) -> None:
        self.events.append(event)

    def later(self) -> None:
        self.now += POLL_SECONDS


@pytest.fixture
def shop() -> Iterator[Shop]:
    yield Shop()
    api.clear_providers()


def test_a_client_is_told_arm_reason_and_where_the_unit_lies(shop: Shop) -> None:
    found = shop.client.get_string_details("r7", "none", ANN)
    assert found.reason == Reason.SPLIT
    assert found.value == found.variant
    assert set(found.flag_metadata) == {"experiment", "epoch", "bucket"}


def test_each_kind_of_value_is_resolved(shop: Shop) -> None:
    unit = next(
        one
        for one in map(str, range(50))
        if shop.client.get_boolean_value("r7", False, EvaluationContext(one, {"store": "uk"}))
    )
    context = EvaluationContext(unit, {"store": "uk"})
    assert shop.client.get_integer_value("r7.k", 1, context) == 5
    assert shop.client.get_float_value("r7.mmr", 0.0, context) == 0.3
    assert shop.client.get_object_value("r7", {}, context) == {"mmr": 0.3, "k": 5}


def test_an_unknown_flag_is_an_error_with_the_callers_default(shop: Shop) -> None:
    found = shop.client.get_string_details("r9", "mine", ANN)
    assert (found.value, found.reason, found.error_code) == ("mine", Reason.ERROR, ErrorCode.FLAG_NOT_FOUND)


def test_a_change_is_seen_within_a_quarter_of_a_second_and_a_first_arm_stays(shop: Shop) -> None:
    first = shop.client.get_string_value("r7", "none", ANN)
    other = "treatment" if first == "control" else "control"
    arms = tuple(TestArm(name=arm.name, share=float(arm.name == other)) for arm in TEST.arms)
    shop.live.tests, shop.live.turn = (replace(TEST, arms=arms),), 1
    shop.later()
    fresh = EvaluationContext("new shopper", {"store": "uk"})
    assert shop.client.get_string_value("r7", "none", fresh) == other


def test_while_the_database_is_silent_the_last_answer_is_given_as_stale(shop: Shop) -> None:
    before = shop.client.get_string_value("r7", "none", ANN)
    shop.live.down = True
    shop.later()
    found = shop.provider.resolve_string_details("r7", "none", ANN)
    assert (found.value, found.reason) == (before, Reason.STALE)
    shop.live.down = False
    shop.later()
    assert shop.provider.resolve_string_details("r7", "none", ANN).reason == Reason.SPLIT


def test_before_anything_was_read_a_provider_is_not_ready() -> None:
    live = Running(TEST)
    live.down = True
    found = FlagProvider(live, tuple, MemorySticky()).resolve_string_details("r7", "none", ANN)
    assert (found.value, found.error_code) == ("none", ErrorCode.PROVIDER_NOT_READY)


def test_an_order_to_stop_disables(shop: Shop) -> None:
    shop.stops.append(StopOrder(person="p", reason="r", at="2026-01-01T00:00:00Z"))
    assert shop.client.get_string_details("r7", "none", ANN).reason == Reason.DISABLED


def test_a_purchase_becomes_an_event_of_the_unit_and_what_is_unknown_a_custom_one(shop: Shop) -> None:
    details = TrackingEventDetails(24.0, {"product": "pot", "order_id": "o-1", "price": 24.0, "currency": "GBP"})
    shop.client.track("purchase", ANN, details)
    shop.client.track("newsletter", ANN, TrackingEventDetails(1.0, {"place": "footer"}))
    bought, joined = shop.events
    assert (bought.type, bought.user, bought.store, bought.product, bought.order_id) == (
        "purchase", "ann", "uk", "pot", "o-1",
    )  # fmt: skip
    assert (joined.type, joined.value, joined.properties) == ("custom", 1.0, {"place": "footer", "name": "newsletter"})


def test_a_conversion_the_contract_does_not_allow_is_dropped_and_never_raises(shop: Shop) -> None:
    shop.client.track("purchase", ANN, TrackingEventDetails(1.0, {"price": "dear"}))
    assert not shop.events


def test_events_go_to_the_server_with_the_key_and_losses_are_counted() -> None:
    asked: list[httpx.Request] = []
    codes = iter([202, 401])

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(next(codes), json={})

    conversions = HttpConversions("http://shop", "secret", transport=httpx.MockTransport(server))
    provider = FlagProvider(Running(TEST), tuple, MemorySticky(), conversions)
    for _ in range(2):
        provider.track("click", ANN, TrackingEventDetails(attributes={"product": "pot"}))
    conversions.close()
    assert (conversions.sent, conversions.lost) == (1, 1)
    assert asked[0].url.path == "/v1/events"
    assert asked[0].headers["Authorization"] == "Bearer secret"
