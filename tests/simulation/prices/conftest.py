"""What a shop of one pair sees, to be changed where a rule is tried; tiny worlds of each mechanism and their past."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.prices.history import Past, live_past
from shopkeeper.simulation.prices.plan import MECHANISMS, Size
from shopkeeper.simulation.prices.ports import Seen, Shelf
from shopkeeper.simulation.prices.world import World, make_world

WEEKS = 60
TINY = Size(products=33, stores=2, categories=3)


@pytest.fixture
def quiet() -> Seen:
    """Return one pair that costs 5, sells 10 a week at 9.99, whose three rivals ask the same and whose stock lasts."""
    one = np.ones(1, dtype=np.int64)
    flag = np.zeros(1, dtype=np.bool_)
    shelf = Shelf(
        product=one * 0,
        store=one * 0,
        category=one * 0,
        step=np.array([0.10]),
        anchor=np.array([9.99]),
        anchor_cost=np.array([5.0]),
        markup=np.array([1.0]),
        lead_weeks=one * 2,
        seasonal=flag,
        perishable=flag,
    )
    past = np.ones((WEEKS, 1))
    return Seen(
        week=WEEKS,
        shelf=shelf,
        units=past.astype(np.int64) * 10,
        in_stock=past,
        price=past * 9.99,
        regular=past * 9.99,
        promoted=np.zeros((WEEKS, 1), dtype=np.bool_),
        cost=past * 5.0,
        rivals=np.full((WEEKS, 1, 3), 9.99),
        cost_now=np.array([5.0]),
        stock=one * 50,
        inbound=one * 0,
        weeks_left=np.array([np.inf]),
        promotion=np.array([0.0]),
        events=np.zeros(80, dtype=np.int64),
        target=np.array([0.5]),
    )


@pytest.fixture(scope="package", params=list(MECHANISMS.values()))
def world(request: pytest.FixtureRequest) -> World:
    """Return a tiny world of each mechanism in turn."""
    return make_world(request.param, 3, size=TINY)


@pytest.fixture(scope="package")
def past(world: World) -> Past:
    """Return its past."""
    return live_past(world)
