"""The online state is bounded, forgets a person, and takes events in any order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.features.online import OnlineFeatures
from shopkeeper.features.ports import FeatureValue

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, kind: EventType = "purchase", **fields: object) -> Event:
    values = {"user": "ann", "product": "lamp", "ts": NOON - timedelta(hours=number), **fields}
    return Event(event_id=f"e{number}", store="uk", type=kind, **values)  # type: ignore[arg-type]


def made(*events: Event, entities: int = 100, members: int = 100) -> OnlineFeatures:
    features = OnlineFeatures(lambda _: None, entities=entities, members=members)
    for one in events:
        features.observe(one)
    return features


def read(features: OnlineFeatures, name: str, user: str = "ann") -> FeatureValue:
    return features.read("user", "uk", [user], NOON + timedelta(seconds=1))[name]


def test_the_order_of_events_does_not_matter() -> None:
    events = [event(number, price=float(number)) for number in range(1, 50)]
    shuffled = random.Random(1).sample(events, len(events))
    left, right = made(*events), made(*shuffled)
    at = NOON + timedelta(seconds=1)
    assert left.read("user", "uk", ["ann"], at) == right.read("user", "uk", ["ann"], at)


def test_the_longest_unseen_entity_goes_first_when_there_are_too_many() -> None:
    features = made(*(event(n, user=f"u{n}", product=None, session=None) for n in (3, 2, 1)), entities=2)
    assert [read(features, "user_purchases_7d", f"u{n}") for n in (3, 2, 1)] == [0.0, 1.0, 1.0]
    assert len(features) == 2


def test_members_and_days_of_an_entity_are_bounded() -> None:
    features = made(*(event(n, product=f"p{n}") for n in range(20)), members=5)
    assert read(features, "user_distinct_products_purchase_30d") == 5.0
    old = made(event(1), event(24 * 200, ts=NOON - timedelta(days=200)))
    assert read(old, "user_purchases_90d") == 1.0


def test_a_forgotten_user_is_known_to_nobody_any_more() -> None:
    features = made(event(1), event(2, user="bob"))
    assert features.forget("uk", "ann") >= 3  # as a user, with a product, and among the product's buyers
    assert read(features, "user_purchases_7d") == 0.0
    product = features.read("product", "uk", ["lamp"], NOON)
    assert product["product_distinct_users_purchase_30d"] == 1.0


def test_bots_and_those_who_refuse_leave_no_profile_and_a_refused_purchase_still_counts_for_the_product() -> None:
    features = made(event(1, traffic="declared_bot"), event(2, consent=Consent(personalise=False)))
    assert read(features, "user_purchases_7d") == 0.0
    product = features.read("product", "uk", ["lamp"], NOON)
    assert (product["product_purchases_7d"], product["product_distinct_users_purchase_30d"]) == (1.0, 0.0)


def test_events_that_come_after_a_verdict_on_their_session_and_day_are_left_out() -> None:
    features = made(event(1, session="machine"))
    verdict = TrafficVerdict(store="uk", ts=NOON.replace(hour=0), kind="session", subject="machine", rule="test")
    features.leave_out(verdict)
    features.observe(event(2, session="machine"))
    features.observe(event(24, session="machine"))  # the day before
    features.observe(event(3, visitor="machine"))
    assert read(features, "user_purchases_7d") == 1.0 + 2.0


def test_a_verdict_that_it_was_a_person_leaves_nobody_out() -> None:
    features = made()
    at = NOON.replace(hour=0)
    verdict = TrafficVerdict(store="uk", ts=at, kind="session", subject="s", rule="test", traffic="human")
    features.leave_out(verdict)
    features.observe(event(1, session="s"))
    assert read(features, "user_purchases_7d") == 1.0


def test_attributes_are_what_the_record_says_now() -> None:
    features = made()
    lamp = Product(product="lamp", price=10.0, categories=("home > light", "gifts"), created_at=NOON)
    found = features.read("store_product", "uk", ["lamp"], NOON + timedelta(days=3), lamp)
    assert (found["store_product_price"], found["store_product_top_category"]) == (10.0, "home")
    assert found["store_product_created_age"] == 3.0
    ann = features.read("user", "uk", ["ann"], NOON, User(user="ann", age_band="30-39"))
    assert (ann["user_age_band"], ann["user_gender"]) == ("30-39", None)
