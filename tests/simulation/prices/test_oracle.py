from __future__ import annotations

import numpy as np

from shopkeeper.simulation.prices.history import Past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.oracle import play_oracle
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


def test_a_lower_target_earns_more_revenue_in_the_week_it_looks_at(past: Past) -> None:
    first = past.market.week
    strict, loose = (
        takings_of(play_oracle(past.market, 1, past.target - less), first, first + 1) for less in (0.0, 0.05)
    )
    assert loose.total_revenue > strict.total_revenue
    assert loose.total_margin < strict.total_margin
