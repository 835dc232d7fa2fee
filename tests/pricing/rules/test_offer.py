"""What a price may become: no rule is ever broken, and a price that no rule lets move says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.shelves import a_shelf

from shopkeeper.pricing.policy.price_policy import (
    CompetitorBand,
    Period,
    PricePolicy,
    Rules,
    Scope,
    Steps,
)
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.rules.offer import Offer, make_offer, relaxation
from shopkeeper.pricing.shelf import Shelf

DAY = date(2026, 11, 26)
CHARM: dict[str, tuple[Steps, ...]] = {"GBP": (Steps(step=0.5, minus=0.01),)}
nan = float("nan")


def _policy(**rules: Any) -> PricePolicy:  # noqa: ANN401 - fields of the rules
    return PricePolicy(version=1, endings=CHARM, rules=Rules(**rules))


def _prices(offer: Offer, pair: int = 0) -> list[float]:
    return [float(price) for price in offer.price[pair, offer.allowed[pair]]]


def test_candidates_have_the_ending_of_the_currency_and_keep_the_current_price() -> None:
    offer = make_offer(_policy(daily_move=0.1), a_shelf([10.0]), DAY)
    assert _prices(offer) == [9.49, 9.99, 10.0, 10.49, 10.99]
    assert offer.current[0] == 10.0


@pytest.mark.parametrize(
    ("rules", "said", "expected"),
    [
        ({"over_cost": 0.02}, {"cost": 9.31, "tax": 0.0}, [9.99, 10.0, 10.49, 10.99]),  # 9.31 x 1.02 = 9.4962
        ({"margin_floor": 0.3}, {"cost": 6.0, "tax": 0.2}, [10.49, 10.99]),  # 6 / .7 x 1.2 = 10.286
        ({"weekly_move": 0.1}, {"week_ago": 9.2}, [9.49, 9.99, 10.0]),  # up to 10.12
        ({"days_between_changes": 3.0}, {"changed_days": 2.0}, [10.0]),
        ({}, {"advertised": 9.99}, [9.99, 10.0, 10.49, 10.99]),
        ({"minimum_advertised": False}, {"advertised": 9.99}, [9.49, 9.99, 10.0, 10.49, 10.99]),
        ({}, {"announced": True, "prior": 10.0}, [9.49, 9.99, 10.0, 10.49, 10.99][:3]),
        ({}, {"announced": True, "prior": 9.99}, [9.49, 10.0]),
        ({}, {"announced": True}, [10.0]),
        ({"inflation": 0.05}, {"year_ago": 9.6}, [9.49, 9.99, 10.0]),  # 9.6 x 1.05 = 10.08
        ({"competitor": CompetitorBand(highest=1.05)}, {"rival_median": 9.6}, [9.49, 9.99, 10.0]),
        ({"competitor": CompetitorBand(over_lowest=1.0)}, {"rival_lowest": 9.6}, [9.49]),
        ({}, {"opinion": False}, [10.0]),
        ({}, {"cost": nan}, [10.0]),
        ({}, {"cost_days": 36.0}, [10.0]),
        ({}, {"cost": 1.0, "cost_before": 5.0}, [10.0]),
    ],
)
def test_each_rule_keeps_out_what_it_says(rules: dict[str, Any], said: dict[str, Any], expected: list[float]) -> None:
    assert _prices(make_offer(_policy(**rules), a_shelf([10.0], **said), DAY)) == expected


@pytest.mark.parametrize("said", [{"rival_median": nan}, {"rival_days": 4.0}, {"rival_median": 1.0}])
def test_a_missing_old_or_absurd_rival_moves_no_price(said: dict[str, float]) -> None:
    band = _policy(competitor=CompetitorBand(lowest=0.9, highest=1.0))
    free = make_offer(_policy(), a_shelf([10.0]), DAY)
    rival = {"rival_median": 8.0, **said}
    assert _prices(make_offer(band, a_shelf([10.0], **rival), DAY)) == _prices(free)


def test_the_later_scope_wins_rule_by_rule_and_null_takes_a_rule_away() -> None:
    scopes = (
        Scope(name="garden", where=Where(categories=("Garden",)), rules=Rules(daily_move=0.05, inflation=0.0)),
        Scope(name="known", where=Where(key_value=True), rules=Rules(inflation=None)),
    )
    policy = msgspec.structs.replace(_policy(daily_move=0.1), scopes=scopes)
    offer = make_offer(policy, a_shelf([10.0, 10.0], key_value=[False, True], year_ago=10.0), DAY)
    assert _prices(offer, 0) == [9.99, 10.0]
    assert _prices(offer, 1) == [9.99, 10.0, 10.49]
    assert offer.broken(0, 10.99) == ("daily_move (garden)", "inflation (garden)")


def test_the_calendar_holds_prices_or_lets_them_only_fall_as_an_announced_reduction() -> None:
    when = {"starts": DAY, "ends": DAY}
    held = Period(name="freeze", where=Where(products=("p0",)), prices="hold", **when)
    sale = Period(name="sale", where=Where(products=("p1",)), prices="reduce", **when)
    policy = msgspec.structs.replace(_policy(), calendar=(held, sale))
    offer = make_offer(policy, a_shelf([10.0, 10.0], prior=10.0), DAY)
    assert (_prices(offer, 0), _prices(offer, 1)) == ([10.0], [9.49, 9.99, 10.0])


def test_a_stuck_price_is_held_and_names_the_rule_that_gives_least() -> None:
    policy, shelf = _policy(over_cost=0.0, daily_move=0.1, weekly_move=0.5), a_shelf([10.0], cost=11.2)
    offer = make_offer(policy, shelf, DAY)
    found = relaxation(policy, shelf, offer, 0)
    assert offer.stuck[0]
    assert _prices(offer) == [10.0]
    assert found is not None
    assert (found.rule, found.price, found.against) == ("daily_move", 11.49, ("over_cost",))
    assert found.by == pytest.approx(11.49 / 11.0 - 1)


def test_a_stuck_price_may_approach_the_rules_as_far_as_moves_allow() -> None:
    policy = msgspec.structs.replace(_policy(over_cost=0.0, daily_move=0.1), infeasible="approach")
    assert _prices(make_offer(policy, a_shelf([10.0], cost=11.2), DAY)) == [10.99]


share = st.none() | st.floats(0.01, 0.5)
figure = st.just(nan) | st.floats(0.01, 1e4)


@st.composite
def _states(draw: st.DrawFn) -> tuple[PricePolicy, Shelf]:
    daily = draw(st.floats(0.005, 0.6))
    rules = Rules(
        over_cost=draw(share), margin_floor=draw(share), daily_move=daily, inflation=draw(share),
        weekly_move=draw(st.none() | st.floats(daily, 1.0)), days_between_changes=draw(st.floats(0, 10)),
        competitor=draw(st.none() | st.builds(CompetitorBand, lowest=share, highest=st.none() | st.floats(0.6, 2))),
    )  # fmt: skip
    policy = PricePolicy(
        version=1, rules=rules, points=draw(st.integers(11, 41)),
        infeasible=draw(st.sampled_from(("hold", "approach"))),
        endings=draw(st.sampled_from([{}, CHARM, {"GBP": (Steps(below=20, step=0.1), Steps(step=5, minus=0.05))}])),
    )  # fmt: skip
    some = {name: draw(st.lists(figure, min_size=3, max_size=3)) for name in (
        "week_ago", "cost", "cost_before", "rival_lowest", "rival_median", "advertised", "prior", "year_ago",
    )}  # fmt: skip
    current = draw(st.lists(st.floats(0.05, 1e4), min_size=3, max_size=3))
    days = {name: draw(st.lists(st.floats(0, 50), min_size=3, max_size=3)) for name in ("cost_days", "rival_days")}
    told = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    return policy, a_shelf(current, tax=draw(st.floats(0, 0.3)), announced=told, **some, **days)


@settings(max_examples=120, deadline=None)
@given(_states())
def test_whatever_the_policy_and_the_feeds_an_offered_price_breaks_no_rule(state: tuple[PricePolicy, Shelf]) -> None:
    policy, shelf = state
    offer = make_offer(policy, shelf, DAY)
    for pair in range(shelf.pairs):
        prices = _prices(offer, pair)
        assert prices
        assert float(shelf.current[pair]) in offer.price[pair]
        for price in prices:
            move = price / shelf.current[pair] - 1
            assert abs(move) <= policy.rules.daily_move * (1 + 1e-6)  # type: ignore[operator]  # never unset here
            if not offer.stuck[pair]:
                assert offer.broken(pair, price) == ()
                assert price >= shelf.cost[pair] * (1 - 1e-6) or policy.rules.over_cost is None or move == 0
            elif policy.infeasible == "hold":
                assert move == 0


@settings(max_examples=60, deadline=None)
@given(_states())
def test_the_named_relaxation_lets_a_stuck_price_move(state: tuple[PricePolicy, Shelf]) -> None:
    policy, shelf = state
    offer = make_offer(policy, shelf, DAY)
    for pair in np.flatnonzero(offer.stuck):
        if (found := relaxation(policy, shelf, offer, int(pair))) is not None:
            assert {rule.split(" ")[0] for rule in offer.broken(int(pair), found.price)} == {found.rule}


def test_a_shelf_without_a_price_names_the_row() -> None:
    shelf = a_shelf([10.0, 12.0])
    with pytest.raises(Exception, match="the first in row 1"):
        replace(shelf, current=np.array([10.0, 0.0]))
