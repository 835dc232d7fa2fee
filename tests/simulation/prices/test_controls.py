from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.prices.controls import CONTROLS, COST_PLUS, WAR, ControlName, control_plan, war_plan
from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.oracle import play_oracle
from shopkeeper.simulation.prices.plan import Size
from shopkeeper.simulation.prices.rivals import FOLLOWER
from shopkeeper.simulation.prices.rules import Rules
from shopkeeper.simulation.prices.takings import takings_of
from shopkeeper.simulation.prices.world import make_world


@pytest.mark.parametrize("name", CONTROLS)
def test_not_even_the_oracle_earns_anything_in_a_control(name: ControlName) -> None:
    world = make_world("elastic", 4, plan=control_plan(name), size=Size(products=40, stores=2, categories=4))
    past = live_past(world, COST_PLUS)
    first = past.market.week
    best, rules = (
        takings_of(market, first, first + 10)
        for market in (
            play_oracle(past.market, 10, past.target),
            play(past.market, Rules(COST_PLUS), 10, past.target),
        )
    )
    assert best.total_revenue / rules.total_revenue - 1 < 0.01


def test_in_a_war_a_rival_undercuts_whatever_is_asked() -> None:
    world = make_world("elastic", 4, plan=war_plan(), size=Size(products=20, stores=1, categories=2))
    cost, price = world.cost(0), world.catalogue.shelf.anchor * 0.9
    week = world.rivals.foreseen(world.rivals.usual(cost), cost)
    after = week.after(price)[:, FOLLOWER]
    assert np.all(after[after > week.least] <= price[after > week.least] * (1 - WAR) + 1e-9)
