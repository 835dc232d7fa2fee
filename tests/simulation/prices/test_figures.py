from __future__ import annotations

import pytest

from shopkeeper.simulation.prices.controls import COST_PLUS, control_plan
from shopkeeper.simulation.prices.figures import public_figures, world_figures
from shopkeeper.simulation.prices.history import Past, live_past
from shopkeeper.simulation.prices.plan import Size
from shopkeeper.simulation.prices.world import make_world


def test_where_every_elasticity_is_one_the_figures_say_so() -> None:
    world = make_world("elastic", 4, plan=control_plan("unit"), size=Size(products=20, stores=1, categories=2))
    found = world_figures(live_past(world, COST_PLUS))
    assert [found[name] for name in ("own_least", "own_median", "own_most")] == pytest.approx([-1, -1, -1])
    assert found["others_pull"] == pytest.approx(0)


def test_worlds_are_told_by_the_figures_public_data_have(past: Past) -> None:
    found = world_figures(past)
    assert set(public_figures()["orange_juice"]) <= set(found)
    assert found["own_least"] < found["own_median"] < found["own_most"] < 0
    assert 0 <= found["others_pull"] < 1
