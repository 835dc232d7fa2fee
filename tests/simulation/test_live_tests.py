"""Simulated live tests: sums of shoppers that hang together, drawn by day, arm and step."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.strata import stratified
from shopkeeper.simulation.live_tests import Drawn, Scenario, Test, drawn, plan_of
from shopkeeper.simulation.shopper_sums import BOUGHT, SEEN, Crowd, Shoppers
from shopkeeper.wiring.objectives import example_objective

OBJECTIVE: Objective = read_objective(example_objective("recommendations"), "recommendations.yaml")
TODAY = Shoppers()
SCENARIO = Scenario("alike", TODAY, TODAY, days=24, planned=50_000)


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return Crowd.of(TODAY, 3)


@pytest.fixture(scope="module")
def tests(crowd: Crowd) -> Drawn:
    return drawn(SCENARIO, (crowd, crowd), 200, np.random.default_rng(4))


def test_sums_over_many_buyers_are_so_many_times_one_buyer(crowd: Crowd) -> None:
    counts = np.array([100_000, 12_345])
    sums = crowd.buyers(counts, np.random.default_rng(1))
    revenue = sums[:, len(SEEN) + BOUGHT.index("g")] / counts
    assert revenue == pytest.approx(1.15 * TODAY.order_value, rel=0.05)  # 1 + 0.15 orders a buyer


def test_their_spread_is_that_of_independent_buyers(crowd: Crowd) -> None:
    place = len(SEEN) + BOUGHT.index("g")
    sums = crowd.buyers(np.full(4_000, 700), np.random.default_rng(2))[:, place]
    each = crowd.levels[0][:, place]
    assert sums.var() / 700 == pytest.approx(each.var(), rel=0.12)


def test_buyers_have_clicked_more(crowd: Crowd) -> None:
    clicks = crowd.levels[0][:, SEEN.index("c")].mean()
    assert clicks > 1.3 * crowd.mean[SEEN.index("c")]


def test_units_count_once_they_matured_and_in_the_step_they_were_first_seen(tests: Drawn) -> None:
    assert (tests.matured_units[:, 13] == 0).all()
    assert (tests.matured_units[:, 14] == tests.exposed[:, 0]).all()
    assert (tests.exposed[:, 6, 1] == 0).all()
    assert tests.exposed[:, 6, 0].mean() == pytest.approx(7 * 6_000, rel=0.01)
    assert (tests.exposed[:, 23, 0] == tests.exposed[:, 6, 0]).all()


def test_arms_alike_differ_by_as_much_as_the_gate_thinks(tests: Drawn) -> None:
    plan = plan_of(SCENARIO, OBJECTIVE)
    for name in ("ctr", "aov", "conversion", "refund_share"):
        found = []
        for place in range(200):
            told = Test.of(tests, place).evidence(OBJECTIVE, plan, 24, "ramp", 7)
            one = stratified(told.matured, name)
            assert one is not None
            found.append(one.z())
        assert np.std(found) == pytest.approx(1.0, abs=0.2), name
        assert abs(np.mean(found)) < 0.25, name


def test_a_raised_figure_is_raised_by_that_share(crowd: Crowd) -> None:
    raised = Crowd.of(TODAY.changed(click_rate=0.15, conversion=0.1), 3)
    scenario = Scenario("more", TODAY, raised.shoppers, days=20, planned=1, steps=((7, 200_000.0), (99, 200_000.0)))
    told = Test.of(drawn(scenario, (crowd, raised), 1, np.random.default_rng(5)), 0)
    evidence = told.evidence(OBJECTIVE, plan_of(scenario, OBJECTIVE), 20, "ramp", 7)
    for name, lift in (("ctr", 0.15), ("conversion", 0.1)):
        found = stratified(evidence.matured, name)
        assert found is not None
        assert found.value == pytest.approx(lift, abs=0.03)


def test_when_more_buy_nobody_clicks_more(crowd: Crowd) -> None:
    eager = Crowd.of(TODAY.changed(conversion=1.0), 3)
    scenario = Scenario("buy", TODAY, eager.shoppers, days=20, planned=1, steps=((7, 200_000.0), (99, 200_000.0)))
    told = Test.of(drawn(scenario, (crowd, eager), 1, np.random.default_rng(5)), 0)
    found = stratified(told.evidence(OBJECTIVE, plan_of(scenario, OBJECTIVE), 20, "ramp", 7).matured, "ctr")
    assert found is not None
    assert abs(found.value) < 0.006  # three standard errors of 1.2 million users an arm, and what the crowds differ by


def test_before_returns_are_in_nothing_is_sent_back(tests: Drawn) -> None:
    plan = plan_of(SCENARIO, OBJECTIVE)
    early = Test.of(tests, 0).evidence(OBJECTIVE, plan, 5, "ab", 0)
    refunds = next(one for one in early.so_far if one.metric == "refund_share")
    assert refunds.control.totals[0] == 0.0
    assert refunds.control.totals[1] > 0.0
