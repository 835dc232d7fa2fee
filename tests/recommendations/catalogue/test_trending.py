"""Live counts that fade."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from shopkeeper.commerce.event import Event, EventType
from shopkeeper.recommendations.catalogue.trending import Trending

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_event_counts_half_after_the_half_life() -> None:
    trending = Trending(half_life_hours=24)
    trending.record("uk", "old", (), "view", NOON - timedelta(hours=24))
    trending.record("uk", "new", (), "view", NOON)
    assert dict(trending.top("uk")) == pytest.approx({"new": 1.0, "old": 0.5})


def test_a_purchase_counts_as_five_views() -> None:
    trending = Trending()
    for product, kind in (("a", "purchase"), ("b", "view")):
        trending.record("uk", product, (), kind, NOON)  # type: ignore[arg-type]
    assert dict(trending.top("uk")) == pytest.approx({"a": 1.0, "b": 1 / 5})


def test_what_shows_no_interest_changes_nothing() -> None:
    trending = Trending()
    trending.record("uk", "a", (), "impression", NOON)
    trending.record("uk", "a", (), "refund", NOON)
    trending.record("uk", None, (), "checkout", NOON)
    assert trending.top("uk") == ()
    assert trending.version == 0


def test_a_rating_counts_as_two_views_and_below_the_middle_as_none() -> None:
    trending = Trending()
    stars = {"awful": 1.0, "fair": 3.0, "unsaid": None}
    rated = [
        Event(event_id=name, ts=NOON, store="uk", type="rating", product=name, value=value)
        for name, value in stars.items()
    ]
    trending.record_all("uk", [*rated, Event(event_id="v", ts=NOON, store="uk", type="view", product="seen")], [()] * 4)
    assert dict(trending.top("uk")) == pytest.approx({"fair": 1.0, "unsaid": 1.0, "seen": 0.5})


def test_stores_are_apart() -> None:
    trending = Trending()
    trending.record("uk", "a", (), "view", NOON)
    assert trending.top("de") == ()


def test_a_product_counts_in_every_category_it_lies_in() -> None:
    trending = Trending()
    trending.record("uk", "a", ("Home > Kitchen > Mugs", "Gifts"), "view", NOON)
    for category in ("Home", "Home > Kitchen", "Home > Kitchen > Mugs", "Gifts"):
        assert trending.top("uk", category) == (("a", 1.0),)
    assert trending.top("uk", "Kitchen") == ()


def test_order_of_arrival_does_not_matter() -> None:
    events = [(f"p{n % 7}", NOON + timedelta(minutes=13 * n)) for n in range(60)]
    forth, back = Trending(), Trending()
    for product, ts in events:
        forth.record("uk", product, (), "view", ts)
    for product, ts in reversed(events):
        back.record("uk", product, (), "view", ts)
    assert [name for name, _ in forth.top("uk")] == [name for name, _ in back.top("uk")]
    np.testing.assert_allclose([s for _, s in forth.top("uk")], [s for _, s in back.top("uk")])


def test_years_pass_without_overflow() -> None:
    trending = Trending(half_life_hours=1)
    for day in range(0, 2000, 50):
        trending.record("uk", f"p{day}", (), "view", NOON + timedelta(days=day))
    product, score = trending.top("uk")[0]
    assert (product, score) == ("p1950", 1.0)
    trending.record("uk", "p0", (), "view", NOON)
    assert trending.top("uk")[0][0] == "p1950"


def test_the_leaders_are_the_leaders_of_all() -> None:
    draw = np.random.default_rng(3)
    trending = Trending(leaders=5)
    totals: dict[str, float] = {}
    for product in draw.integers(0, 40, 3000).tolist():
        trending.record("uk", f"p{product:02d}", (), "view", NOON)
        totals[f"p{product:02d}"] = totals.get(f"p{product:02d}", 0) + 1
    best = sorted(totals.values(), reverse=True)[:5]
    assert [totals[name] for name, _ in trending.top("uk")] == best


def test_memory_is_bounded() -> None:
    trending = Trending(products_per_board=100, boards=10, leaders=5)
    for n in range(5000):
        trending.record("uk", f"p{n}", (f"c{n}",), "view", NOON + timedelta(seconds=n))
    boards = trending._boards
    assert len(boards) <= 10
    assert max(len(board.scores) for board in boards.values()) <= 100
    assert trending.top("uk")[0][0] == "p4999"


def test_the_leaders_are_those_of_all_counts_however_they_came() -> None:
    draw, counts = random.Random(5), Counter[str]()
    trending = Trending(leaders=10)
    for step in range(5_000):
        product = f"p{draw.randrange(400)}" if step % 3 else f"p{draw.randrange(20)}"
        trending.add("uk", product, (), 1.0, NOON)
        counts[product] += 1
        if step % 250 == 0:
            best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
            assert [product for product, _ in trending.top("uk")] == [product for product, _ in best]


def test_events_of_a_batch_count_as_one_by_one() -> None:
    together, single = Trending(leaders=3), Trending(leaders=3)
    types: list[EventType] = ["view", "cart", "search", "purchase"]
    products = [f"p{n * 7 % 11}" if n % 5 else None for n in range(60)]
    events = [
        Event(event_id=str(n), ts=NOON + timedelta(hours=n // 4), store="uk", type=types[n % 4], product=products[n])
        for n in range(60)
    ]
    categories = [("a > b", "c") if n % 3 else () for n in range(60)]
    together.record_all("uk", events, categories)
    for event, paths in zip(events, categories, strict=True):
        single.record("uk", event.product, paths, event.type, event.ts)
    assert together.leaders("uk") == single.leaders("uk")
    assert together.version == single.version
