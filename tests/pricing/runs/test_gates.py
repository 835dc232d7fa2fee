"""The gates of a price run: feeds nobody may believe stop it, absurd prices stay what they were."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.proposal import Feed, FeedName, Outcome, Span
from shopkeeper.pricing.runs.gates import absurd, anomaly_gate, freshness_gate
from shopkeeper.pricing.runs.price_run import RunPrice
from shopkeeper.testing.prices_suite import example_price

POLICY = RunPolicy()
LOOSE = RunPolicy(mean_move=1.0)


def feed(name: FeedName, hours: float | None = 1.0, rows: int = 100, **treated: int) -> Feed:
    newest = None if hours is None else datetime(2026, 12, 1, tzinfo=UTC)
    return Feed(store="uk", feed=name, newest=newest, hours=hours, rows=rows, treated=treated)


def codes(prices: list[RunPrice], policy: RunPolicy = LOOSE) -> list[str]:
    return [one.code for one in anomaly_gate(prices, policy)[1]]


def worth(price: RunPrice, money: float) -> RunPrice:
    sums = Outcome(units=Span(1, 1, 1), revenue=Span(money, money, money), margin=Span(0, 0, 0))
    return replace(price, proposal=replace(price.proposal, at_current=sums))


def unknown_cost(product: str) -> RunPrice:
    price = example_price(product, 10, 10, cost=None)
    return replace(price, proposal=replace(price.proposal, hold=("cost_unknown (shoes)",)))


def test_feeds_that_are_fresh_and_believed_let_a_run_pass() -> None:
    feeds = [feed("sales"), feed("prices", hours=900.0), feed("rivals", hours=900.0), feed("stock", None, 0)]
    assert freshness_gate([example_price("a", 10, 10.5)], feeds, POLICY) == []


def test_a_store_in_which_too_many_costs_are_not_believed_blocks_the_run() -> None:
    prices = [*(unknown_cost(f"u{n}") for n in range(3)), *(example_price(f"k{n}", 10, 10) for n in range(7))]
    found = freshness_gate(prices, [], POLICY)
    assert [(one.code, one.blocks, one.store) for one in found] == [("costs", True, "uk")]
    assert "3 of 10 prices" in found[0].text
    assert freshness_gate(prices[1:], [], RunPolicy(cost_trouble=3 / 9)) == []


@pytest.mark.parametrize(
    ("given_feed", "code"),
    [
        (feed("sales", hours=72.5), "sales_late"),
        (feed("sales", None, 0), "sales_silent"),
        (feed("prices", None, 0), "prices_silent"),
        (feed("rivals", absurd=40, stale=11), "rivals_absurd"),
    ],
)
def test_a_feed_that_is_old_silent_or_absurd_blocks_the_run_and_says_which(given_feed: Feed, code: str) -> None:
    found = freshness_gate([], [given_feed], POLICY)
    assert [(one.code, one.blocks) for one in found] == [(code, True)]
    assert given_feed.feed in found[0].text


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (example_price("a", 10, 11.01), "daily_move"),
        (example_price("a", 10, 8.99), "daily_move"),
        (example_price("a", 10, math.nan), "no_price"),
        (example_price("a", 10, -1.0), "no_price"),
        (example_price("a", 10, math.inf), "no_price"),
        (example_price("a", 10, 9.5, cost=None), "no_cost"),
        (example_price("a", 10, 9.5, cost=math.nan), "no_cost"),
        (example_price("a", 10, 9.5, cost=9.6), "below_cost"),
        (replace(example_price("a", 10, 9.5), floor=9.7), "below_floor"),
    ],
)
def test_an_absurd_price_stays_what_it_was_and_is_named(price: RunPrice, code: str) -> None:
    kept, found = anomaly_gate([price, example_price("b", 10, 10.2)], LOOSE)
    assert [(one.code, one.product, one.blocks) for one in found] == [(code, "a", False)]
    assert [(one.price, one.held_back) for one in kept] == [(10, (code,)), (10.2, ())]


def test_a_price_below_its_cost_may_come_nearer_to_it() -> None:
    assert absurd(example_price("a", 10, 10.9, cost=12)) == []


def test_tax_in_the_shown_price_pays_for_no_goods() -> None:
    price = example_price("a", 12.0, 11.5, cost=10.0)
    taxed = replace(price, proposal=replace(price.proposal, tax=0.2))  # costs 10 * 1.2 = 12 as shown
    assert absurd(price) == []
    assert [one.code for one in absurd(taxed)] == ["below_cost"]


def test_a_product_with_two_prices_in_one_store_and_price_list_blocks_the_run() -> None:
    found = anomaly_gate([example_price("a", 10, 10.5), example_price("a", 10, 9.5)], LOOSE)[1]
    assert [(one.code, one.blocks) for one in found] == [("two_prices", True)]


def test_more_absurd_prices_than_chance_brings_block_the_run() -> None:
    wild = [example_price(f"w{n}", 10, 20) for n in range(4)]
    calm = [example_price(f"c{n}", 10, 10.1) for n in range(100)]
    assert "held_back" not in codes([*wild[:3], *calm])
    assert "held_back" in codes([*wild, *calm])  # 4 of 104 are more than 2%


def test_prices_that_all_move_together_block_the_run_each_weighed_by_its_money() -> None:
    big, small = worth(example_price("a", 10, 10.9), 900), worth(example_price("b", 10, 10), 100)
    assert codes([big, small], POLICY) == ["mean_move"]  # .9 * 9% = 8.1%
    assert codes([worth(big, 100), worth(small, 900)], POLICY) == []  # .1 * 9% = .9%


money = st.one_of(st.floats(0.01, 1e5), st.just(math.nan), st.just(math.inf), st.floats(-10, 0))


@given(now=st.floats(0.01, 1e4), new=money, cost=st.one_of(st.none(), money), floor=st.floats(0, 1e4))
def test_whatever_is_proposed_nothing_passes_the_daily_move_or_falls_below_cost_or_floor(
    now: float, new: float, cost: float | None, floor: float
) -> None:
    price = replace(example_price("a", now, new, cost=cost), floor=floor)
    held = anomaly_gate([price], POLICY)[0][0].price
    assert math.isfinite(held)
    assert abs(held / now - 1) <= 0.1 + 1e-6
    if held < now:
        assert cost is not None
        assert held >= max(cost, floor) * (1 - 1e-6)


def test_what_belongs_together_with_an_absurd_price_is_held_too() -> None:
    def of_block(price: RunPrice, block: str | None) -> RunPrice:
        return replace(price, proposal=replace(price.proposal, block=block))

    wild = of_block(example_price("a", 10, 20), "EUR 1")
    assert absurd(wild)
    blocks = {"b": "EUR 1", "c": "EUR 2", "d": None}
    beside, other, free = (of_block(example_price(name, 10, 10.1), block) for name, block in blocks.items())
    kept, _ = anomaly_gate([wild, beside, other, free], LOOSE)
    assert [one.price for one in kept] == [10, 10, 10.1, 10.1]
    assert kept[1].held_back == ("beside_held",)
