"""Turns of a price test: what changes at a switch, what is left alone, and never two prices at once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.errors import ContractNotMet
from shopkeeper.experiments.switchback import drawn
from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.price_tests.turns import (
    HELD,
    Turn,
    TurnPrices,
    kept_for_tests,
    refuse_tested,
    turn_of,
    turn_prices,
    with_way_back,
)
from shopkeeper.pricing.runs.gates import anomaly_gate
from shopkeeper.pricing.runs.price_run import RunPrice
from shopkeeper.testing.prices_suite import POLICY, example_price

START = date(2026, 12, 7)
CLUSTERS = {("uk", "lamp"): "uk: Home", ("uk", "ball"): "uk: Toys"}
TESTED = [example_price("lamp", 10.0, 9.0), example_price("ball", 5.0, 5.5)]


def a_test(days: int = 28, seed: int = 1) -> PriceTest:
    design = drawn(("uk: Home", "uk: Toys"), days, seed, period_days=7, washout_days=2, apart=1)
    return PriceTest(name="autumn", run="r1", stores=("uk",), start=START, design=design)


def _found(
    turn: Turn, tested: list[RunPrice], clusters: dict[tuple[str, str], str], now: dict[str, float]
) -> TurnPrices:
    return turn_prices(turn, tested, clusters, lambda row: now[row.product], lambda row: row.cost)


def asked(turn: Turn, now: dict[str, float]) -> list[tuple[str, float, float]]:
    found = _found(turn, TESTED, CLUSTERS, now)
    return [(one.product, one.current, one.proposed) for one in found.proposals]


def test_a_store_takes_one_turn_a_period_and_one_at_the_end() -> None:
    test = a_test()
    assert turn_of(test, "uk", START - timedelta(days=1), over=False) is None
    numbers = [turn_of(test, "uk", START + timedelta(days=day), over=False) for day in (0, 6, 7, 27, 28, 99)]
    assert [one.number for one in numbers if one] == ["0", "0", "1", "3", "end", "end"]
    early = turn_of(test, "uk", START, over=True)
    assert early == Turn("autumn", "uk", "end", frozenset())


def test_a_period_treats_one_cluster_of_a_pair_and_the_next_the_other() -> None:
    test = a_test()
    arms = [test.treated_on(day) for day in (0, 7)]
    assert {frozenset(one) for one in arms} == {frozenset({"uk: Home"}), frozenset({"uk: Toys"})}


def test_a_turn_moves_what_is_not_where_it_should_be() -> None:
    turn = Turn("autumn", "uk", "1", frozenset({"uk: Home"}))
    assert asked(turn, {"lamp": 10.0, "ball": 5.5}) == [("lamp", 10.0, 9.0), ("ball", 5.5, 5.0)]
    assert asked(turn, {"lamp": 9.0, "ball": 5.0}) == [("lamp", 9.0, 9.0), ("ball", 5.0, 5.0)]


def test_a_price_that_is_neither_of_the_two_is_left_alone_and_named() -> None:
    turn = Turn("autumn", "uk", "1", frozenset({"uk: Home"}))
    found = _found(turn, TESTED, CLUSTERS, {"lamp": 8.0, "ball": 5.5})
    assert found.overtaken == (("uk", "", "lamp"),)
    assert [one.product for one in found.proposals] == ["ball"]


def test_the_way_back_is_bound_by_no_cap_and_the_way_there_is() -> None:
    turn = Turn("autumn", "uk", "2", frozenset())
    found = _found(turn, TESTED, CLUSTERS, {"lamp": 9.0, "ball": 5.0})
    rows = [RunPrice(proposal=one, price=one.proposed, daily_move=0.1) for one in found.proposals]
    assert 10 / 9 - 1 > 0.1
    held, findings = anomaly_gate(rows, POLICY)
    assert [one.code for one in findings] == ["daily_move"]
    kept, findings = anomaly_gate(with_way_back(rows, found.back), POLICY)
    assert (findings, [one.price for one in kept]) == ([], [10.0, 5.0])
    assert [one.price for one in held] == [9.0, 5.0]


def test_another_run_leaves_the_prices_of_a_test_as_they_are() -> None:
    rows = [*TESTED, example_price("cup", 3.0, 3.1)]
    kept, findings = kept_for_tests(rows, {("uk", "lamp"): "autumn", ("uk", "ball"): "autumn"})
    assert [one.price for one in kept] == [10.0, 5.0, 3.1]
    assert [one.proposal.hold for one in kept] == [(HELD,), (HELD,), ()]
    assert [one.text for one in findings] == ["2 prices stay as they are while autumn tests prices there."]
    refuse_tested([one for one in kept if one.moves], {("uk", "lamp"): "autumn"})
    with pytest.raises(ContractNotMet, match="moves prices that autumn tests now"):
        refuse_tested(rows, {("uk", "lamp"): "autumn"})


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    looks=st.lists(st.integers(-2, 40), min_size=1, max_size=30).map(sorted),
    stopped=st.integers(0, 45),
    others=st.dictionaries(st.integers(0, 40), st.sampled_from([4.4, 7.7, 12.0]), max_size=2),
)
def test_a_price_is_at_any_time_one_of_the_two_and_all_of_a_cluster_are_in_one_arm(
    seed: int, looks: list[int], stopped: int, others: dict[int, float]
) -> None:
    """Workers look on any days, miss any, somebody changes a price, somebody stops it: nothing else ever holds."""
    test = a_test(seed=seed)
    tested = [*TESTED, example_price("sofa", 100.0, 95.0)]
    clusters = {**CLUSTERS, ("uk", "sofa"): "uk: Home"}
    shown = {one.proposal.product: one.current for one in tested}
    done, strange = set[str](), set[str]()
    for day in [*looks, 99]:
        for when, price in others.items():
            if when <= day and "lamp" not in strange:
                shown["lamp"], strange = price, {"lamp"}
        turn = turn_of(test, "uk", START + timedelta(days=day), over=day >= stopped)
        if turn is None or turn.run in done:
            continue
        done.add(turn.run)
        found = _found(turn, tested, clusters, shown)
        keys = [(one.store, one.price_list, one.product) for one in found.proposals]
        assert len(keys) == len(set(keys)), "one price a key"
        shown |= {one.product: one.proposed for one in found.proposals}
        for row in tested:
            product = row.proposal.product
            arm = row.price if clusters["uk", product] in turn.treated else row.current
            assert product in strange or shown[product] == arm
    assert all(shown[one.proposal.product] == one.current for one in tested if one.proposal.product not in strange)
