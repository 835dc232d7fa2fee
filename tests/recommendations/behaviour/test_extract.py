"""What is read out of the lake: whose, of whom, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS, PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import Unavailable
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.behaviour.extract_sentences import sentence
from shopkeeper.recommendations.behaviour.interaction_files import read_interactions, write_interactions
from shopkeeper.recommendations.behaviour.interactions import DEVICES, KINDS, NOBODY, Interactions
from shopkeeper.recommendations.behaviour.visit_facts import REFERRERS, device_of, referrer_of
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.catalogue.trending_seed import seed_trending
from shopkeeper.serving.catalogue import Catalogue

DAY = datetime(2026, 3, 1, tzinfo=UTC)
NO, YES = {"personalise": False}, {"personalise": True}


class World:
    """A lake that rows are written into."""

    def __init__(self, folder: Path) -> None:
        self.log = SegmentLog(folder / "log", "test")
        self.lake = Lake(folder / "log", folder / "lake")
        self.count = 0

    def put(self, table: TableSchema, *rows: dict[str, Any]) -> None:
        self.log.append(table, [msgspec.json.encode({"source_ts": DAY, "deleted": False, **row}) for row in rows])

    def event(self, product: str, kind: str = "view", store: str = "uk", **fields: Any) -> None:  # noqa: ANN401
        self.count += 1
        row = {"event_id": f"e{self.count}", "ts": DAY + timedelta(minutes=self.count), "store": store, "type": kind}
        self.log.append(EVENTS, [msgspec.json.encode({**row, "product": product, **fields})])

    def read(self, until: datetime | None = None, known: datetime | None = None) -> Interactions:
        self.log.seal()
        self.lake.compact()
        return extract_interactions(self.lake.warehouse(), until, known)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.log.close()


def owners(data: Interactions) -> list[str | None]:
    """Return whose each interaction is, without the group."""
    keys = [None if code == NOBODY else data.shopper_keys[code] for code in data.shoppers.tolist()]
    return [key and key.split("\x1f", 1)[1].replace("\x1f", ":") for key in keys]


def products(data: Interactions) -> list[str]:
    return [data.index.products[code] for code in data.items.tolist()]


def test_events_come_in_the_order_of_time_with_their_kinds(world: World) -> None:
    world.event("mug", "purchase", user="ann")
    world.event("cup", "view", user="ann")
    data = world.read()
    assert products(data) == ["mug", "cup"]
    assert [KINDS[kind] for kind in data.kinds.tolist()] == ["purchase", "view"]
    assert data.times.tolist() == [int((DAY + timedelta(minutes=n)).timestamp()) * 1_000_000 for n in (1, 2)]


def test_the_user_owns_an_event_else_the_visitor_else_the_session_else_nobody(world: World) -> None:
    world.event("a", user="u", visitor="v", session="s")
    world.event("a", visitor="v", session="s")
    world.event("a", session="s")
    world.event("a")
    assert owners(world.read()) == ["user:u", "visitor:v", "session:s", None]


def test_bots_and_what_shows_no_interest_are_left_out(world: World) -> None:
    world.event("a", user="u", traffic="declared_bot")
    world.event("b", "impression", user="u")
    world.event("c", "refund", user="u")
    world.event("d", user="u")
    assert products(world.read()) == ["d"]


def test_a_rating_below_the_middle_is_no_interest(world: World) -> None:
    for product, stars in (("one", 1), ("nearly", 2.9), ("three", 3), ("unsaid", None)):
        world.event(product, "rating", user="u", value=stars)
    world.event("one", "view", user="u", value=1)
    data = world.read()
    assert products(data) == ["three", "unsaid", "one"]
    assert data.stars.tolist() == data.sequences.stars.tolist() == [3.0, 0.0, 0.0]
    assert data.take(data.stars > 0).stars.tolist() == [3.0]
    assert [KINDS[kind] for kind in data.kinds.tolist()] == ["rating", "rating", "view"]


def test_postage_and_vouchers_are_no_products(world: World) -> None:
    world.put(PRODUCTS, {"product": "post", "kind": "service"}, {"product": "voucher", "kind": "gift_card"})
    world.put(PRODUCTS, {"product": "set", "kind": "bundle"}, {"product": "mug"})
    world.put(PRODUCTS, {"product": "own", "store": "uk", "kind": "service"}, {"product": "own"})
    for name in ("post", "voucher", "set", "mug", "own", "undeclared"):
        world.event(name, user="u")
    world.event("own", store="de", user="u")
    data = world.read()
    assert products(data) == ["set", "mug", "undeclared", "own"]
    assert data.store_names[data.stores[-1]] == "de"


Said = dict[str, bool] | None
SAYINGS: list[tuple[Said, Said, Said, bool]] = [
    (None, None, None, True),
    (NO, None, None, False),
    (None, NO, None, False),
    (None, None, NO, False),
    (YES, None, NO, True),
    (None, YES, NO, True),
    (YES, NO, None, False),
    (NO, YES, None, False),
    ({"measure": True}, None, NO, False),
]
"""What event, user record and store say, and whether the event may then be tied to the person."""


def test_refused_personalisation_leaves_only_the_count(world: World) -> None:
    for number, (event, user, store, _) in enumerate(SAYINGS):
        if user is not None:
            world.put(USERS, {"user": "u", "store": f"s{number}", "consent": user})
        if store is not None:
            world.put(STORES, {"store": f"s{number}", "consent_default": store})
        consent: dict[str, Any] = {"consent": event} if event else {}
        world.event("mug", store=f"s{number}", user="u", **consent)
    data = world.read()
    assert len(data) == len(SAYINGS)
    assert owners(data) == ["user:u" if owned else None for *_, owned in SAYINGS]


def test_a_user_record_for_all_stores_counts_in_each(world: World) -> None:
    world.put(USERS, {"user": "u", "consent": NO})
    world.event("mug", user="u")
    world.event("mug", user="v")
    assert owners(world.read()) == [None, "user:v"]


def test_stores_of_a_group_share_products_and_shoppers_and_others_do_not(world: World) -> None:
    world.put(STORES, {"store": "uk", "customer_group": "g"}, {"store": "de", "customer_group": "g"}, {"store": "us"})
    for store in ("uk", "de", "us"):
        world.event("mug", store=store, user="ann")
    data = world.read()
    assert data.index.groups == ("g", "us")
    assert data.items.tolist() == [0, 0, 1]
    assert data.shoppers[0] == data.shoppers[1] != data.shoppers[2]
    assert data.index.code("g", "mug") == 0
    assert data.index.code("us", "mug") == 1


def test_nothing_is_read_from_until_on(world: World) -> None:
    for name in ("a", "b", "c"):
        world.event(name, user="u")
    assert products(world.read(until=DAY + timedelta(minutes=2))) == ["a"]


def test_what_came_in_later_is_not_read_though_it_happened_before(world: World) -> None:
    then = DAY + timedelta(days=1)
    world.event("known", user="u", received_at=then)
    world.event("late", user="u", received_at=then + timedelta(seconds=1))
    world.event("unstamped", user="u")
    assert products(world.read(known=then)) == ["known", "unstamped"]
    assert products(world.read()) == ["known", "late", "unstamped"]


def test_a_login_that_came_in_later_gives_nobody_a_past(world: World) -> None:
    then = DAY + timedelta(days=1)
    world.event("mug", session="s", received_at=then)
    world.event("cup", session="s", user="ann", received_at=then + timedelta(hours=1))
    assert owners(world.read(known=then)) == ["session:s"]
    assert owners(world.read()) == ["user:ann", "user:ann"]


def test_categories_come_along(world: World) -> None:
    world.put(PRODUCTS, {"product": "mug", "categories": ["Home > Kitchen", "Gifts"]})
    world.event("mug", user="u")
    world.event("cup", user="u")
    data = world.read()
    assert dict(zip(data.index.products, data.categories, strict=True)) == {
        "mug": ("Home > Kitchen", "Gifts"), "cup": (),
    }  # fmt: skip


def test_an_empty_lake_is_empty_data(world: World) -> None:
    data = world.read()
    assert (len(data), len(data.index), len(data.shopper_keys)) == (0, 0, 0)


def test_the_same_rows_give_the_same_fingerprint_and_others_another(world: World) -> None:
    world.event("a", user="u")
    world.event("b", user="u")
    one, again = world.read(), world.read()
    assert one.fingerprint() == again.fingerprint()
    world.event("c", user="u")
    assert world.read().fingerprint() != one.fingerprint()


class ByFirstLetter:
    """An encoder that knows the first letter of a text, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        self.asked += texts
        return np.array([[text[:1] == "B", text[:1] == "C"] for text in texts], dtype=np.float32)


def test_texts_of_records_become_vectors_that_are_data_of_the_run(world: World, tmp_path: Path) -> None:
    for name in ("mug", "cup", "new"):
        world.event(name, user="u")
    world.put(STORES, {"store": "uk", "customer_group": "uk"})
    world.put(PRODUCTS, {"product": "mug", "title": "Big mug", "description": "<p>Holds&nbsp;tea</p>" + "x" * 300})
    world.put(PRODUCTS, {"product": "mug", "store": "uk", "title": {"de": "Becher", "en-GB": "Cup"}, "brand": "Acme"})
    world.put(PRODUCTS, {"product": "cup", "store": "uk", "title": "Big mug", "brand": "big"})
    plain, encoder = world.read(), ByFirstLetter()
    data = extract_interactions(world.lake.warehouse(), encoder=encoder)
    assert encoder.asked == ["Big mug", "Acme Cup", ""]
    found = dict(zip(data.index.products, data.facts.sentences.tolist(), strict=True))
    assert found == {"cup": [1.0, 0.0], "mug": [0.0, 0.0], "new": [0.0, 0.0]}
    assert plain.facts.sentences.shape == (0, 0)
    assert data.fingerprint() != plain.fingerprint()
    write_interactions(data, tmp_path)
    again = read_interactions(tmp_path)
    assert again.facts.sentences.tolist() == data.facts.sentences.tolist()


def test_a_sentence_is_brand_title_and_how_the_description_begins() -> None:
    told = sentence("Acme", '{"fr": "Tasse", "en": "Cup"}', "<p>For&nbsp;tea &amp; milk.</p> " + "x" * 300)
    assert told.startswith("Acme Cup For tea & milk. xxx")
    assert len(told) == len("Acme Cup ") + 200
    assert sentence("Acme", "ACME mug", '{"fr": "Grande"}') == "ACME mug Grande"
    assert sentence("", "", "") == ""


class Restless:
    """A warehouse into which an event comes before each of the first reads."""

    def __init__(self, world: World, times: int) -> None:
        self.world, self.times = world, times
        self.inner = world.lake.warehouse()

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        if self.times:
            self.times -= 1
            self.world.event(f"p{self.times}", user=f"u{self.times}")
            self.world.read()
        return self.inner.fetch(query, **parameters)


def test_rows_that_come_in_while_reading_do_not_mix_up_codes(world: World) -> None:
    world.event("zebra", user="ann")
    world.read()
    data = extract_interactions(Restless(world, times=2))
    assert sorted(products(data)) == ["p0", "p1", "zebra"]
    assert owners(data)[products(data).index("zebra")] == "user:ann"


class Moving:
    """A warehouse whose products never fit the rows read before."""

    def __init__(self, world: World) -> None:
        self.inner = world.lake.warehouse()

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        found = self.inner.fetch(query, **parameters)
        return {**found, "events": found["events"].astype(np.int64) + 1} if query.name.endswith("items") else found


def test_a_log_that_never_rests_is_not_read_wrong(world: World) -> None:
    world.event("zebra", user="ann")
    world.read()
    with pytest.raises(Unavailable, match="--until"):
        extract_interactions(Moving(world))


def test_trending_looks_back_as_far_as_its_half_life_lets_anything_count(world: World) -> None:
    world.event("mug")
    world.log.seal()
    world.lake.compact()
    later = DAY + timedelta(hours=20)
    for half_life, counted in ((2.0, 0), (3.0, 1)):
        assert seed_trending(Trending(half_life), world.lake.warehouse(), Catalogue(), later) == counted


def test_trending_starts_with_the_last_days_counts(world: World) -> None:
    for _ in range(3):
        world.event("mug", user="u")
    world.event("cup", "purchase", user="u")
    world.put(EVENT_COUNTS, {"ts": DAY, "store": "uk", "type": "view", "product": "mug", "n": 4})
    world.event("old", user="u", ts=DAY - timedelta(days=30))
    world.event("awful", "rating", user="u", value=1)
    world.read()
    trending = Trending(half_life_hours=24)
    assert seed_trending(trending, world.lake.warehouse(), Catalogue(), DAY + timedelta(hours=2)) == 3 + 1 + 4
    assert dict(trending.top("uk")) == pytest.approx({"mug": 1.0, "cup": 5 / 7})


@pytest.mark.parametrize(
    ("fields", "device"),
    [
        ({"device": "Mobile phone"}, "mobile"),
        ({"device": "iPad"}, "tablet"),
        ({"device": "desktop"}, "desktop"),
        ({"user_agent": "chrome mobile"}, "mobile"),
        ({"user_agent": "firefox tablet"}, "tablet"),
        ({"device": "fridge"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_class_of_a_device_is_read_from_what_the_event_says(
    world: World, fields: dict[str, Any], device: str
) -> None:
    world.event("mug", visitor="v1", **fields)
    assert [DEVICES[code] for code in world.read().devices.tolist()] == [device]
    if "device" in fields:
        assert DEVICES[device_of(fields["device"])] == device


def test_the_class_of_a_referrer_is_the_one_a_page_would_be_given(world: World) -> None:
    referrers = {
        "https://www.google.com/": "search",
        "https://mail.google.com/mail": "mail",
        "https://shop.test/?utm_medium=email": "mail",
        "https://m.Facebook.com/x": "social",
        "https://t.co/abc": "social",
        "https://blog.test/best-cups": "site",
        "": "none",
    }
    for referrer in referrers:
        world.event("cup", visitor="v", referrer=referrer or None)
    assert [REFERRERS[code] for code in world.read().referrers.tolist()] == list(referrers.values())
    assert [REFERRERS[referrer_of(referrer)] for referrer in referrers] == list(referrers.values())


def test_the_clock_of_each_store_comes_along(world: World) -> None:
    world.put(STORES, {"store": "uk", "time_zone": "Europe/London"})
    world.event("cup")
    world.event("cup", store="de")
    data = world.read()
    assert (data.store_names, data.time_zones) == (("de", "uk"), ("", "Europe/London"))
    assert not len(data.referrers)


def test_variants_are_read_as_one_item_by_what_their_records_say(world: World) -> None:
    world.put(PRODUCTS, {"product": "s", "parent": "shirt"}, {"product": "m", "store": "uk", "parent": "shirt"})
    for name in ("s", "m", "m", "cap"):
        world.event(name, user="ann")
    world.event("s", store="de", user="eve")
    data = world.read()
    assert products(data) == ["m", "m", "m", "cap", "s"]  # groups are apart: in de nobody met any but s
    assert data.index.heads("uk") == {"m": "shirt"}
    assert data.index.heads("de") == {"s": "shirt"}
    assert [data.index.variants.names[code] for code in data.variants.tolist()] == ["s", "m", "m", "cap", "s"]


def test_the_record_of_the_variant_an_item_stands_for_says_what_it_costs(world: World) -> None:
    world.put(
        PRODUCTS, {"product": "s", "parent": "shirt", "price": 9.0}, {"product": "m", "parent": "shirt", "price": 12.0}
    )
    world.put(PRODUCTS, {"product": "shirt", "price": 1.0})
    for name in ("s", "s", "m", "shirt", "shirt", "shirt"):
        world.event(name, user="ann")
    assert world.read().facts.prices.tolist() == [9.0]
