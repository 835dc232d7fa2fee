"""Small worlds of each mechanism."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from shopkeeper.simulation.worlds.world import MechanismName, World, WorldPlan, make_world, read_plan

START = datetime(2026, 1, 1, tzinfo=UTC)


def small_plan(name: MechanismName) -> WorldPlan:
    """Return the parameters of a world, with a small shop, a small crowd and a short history."""
    plan = read_plan(name)
    return msgspec.structs.replace(
        plan,
        shop=msgspec.structs.replace(plan.shop, products=200, history_days=10, trial_days=3),
        crowd=msgspec.structs.replace(plan.crowd, shoppers=300),
    )


@pytest.fixture(scope="package", params=["tastes", "missions", "attributes"])
def world(request: pytest.FixtureRequest) -> World:
    """Return a small world of each mechanism in turn."""
    name: MechanismName = request.param
    return make_world(name, 3, small_plan(name))
