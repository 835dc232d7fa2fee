from __future__ import annotations

import numpy as np

from shopkeeper.simulation.prices.history import Past
from shopkeeper.simulation.prices.limits import paid
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.oracle import Oracle, play_oracle
from shopkeeper.simulation.prices.ports import Hold
from shopkeeper.simulation.prices.takings import takings_of

WEEKS = 8


def test_the_oracle_takes_more_than_who_holds_at_no_less_margin_and_breaks_no_rule(past: Past) -> None:
    start, first = past.market, past.market.week
    best = takings_of(play_oracle(start, WEEKS, past.target), first, first + WEEKS)
    held = takings_of(play(start, Hold(), WEEKS, past.target), first, first + WEEKS)
    assert best.total_revenue > held.total_revenue
    assert np.all(1 - best.cost.sum(axis=0) / best.revenue.sum(axis=0) >= past.target)
    assert best.broken == 0


def test_a_lower_target_earns_more_expected_revenue_in_the_week_it_looks_at(past: Past) -> None:
    market, truth = past.market, past.market.foresight()
    expected = []
    for less in (0.0, 0.05):
        seen, offer = market.seen(past.target - less), market.offer()
        price = Oracle().decide(seen, offer, truth).price
        shown = paid(price, truth.depth, truth.moment.cost, seen.shelf.step)
        expected.append(float((truth.demand.mean(truth.moment, shown) * shown).sum()))
    assert expected[1] > expected[0]
