"""Negative controls: markets in which no policy can earn anything by its prices, and one with a price war.

A lift found in a negative control is an error.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from shopkeeper.simulation.prices.plan import MarketPlan, read_plan
from shopkeeper.simulation.prices.rules import RuleBook

ControlName = Literal["equal", "unit"]
CONTROLS: Final[tuple[ControlName, ...]] = ("equal", "unit")
"""`equal`: every pair has the same elasticity and mark-up, so that at a given margin no prices beat cost plus.
`unit`: every elasticity is 1, so that revenue is the same at every price."""

WAR: Final = 0.03
"""How far the follower goes below us in a price war, down to his least."""

COST_PLUS: Final = RuleBook(least_margin=0.9, follow_up=0.0, slow_discount=0.0, scarce_raise=0.0, ageing=0.0)
"""The rules of the controls: cost plus mark-up and nothing else, which is the best there is in `equal`."""


def control_plan(name: ControlName) -> MarketPlan:
    """Return the parameters of a control: mechanism a without anything that sets one pair apart from another."""
    plan = read_plan("elastic")
    if plan.elastic is None:
        raise ValueError("Controls are made of the market with equations of demand; its parameters lack `elastic`.")
    replace = msgspec.structs.replace
    same = replace(
        plan.elastic,
        middle=1.0 if name == "unit" else 2.6,
        category_spread=0.0,
        pair_spread=0.0,
        store_spread=0.0,
        relative=0.0,
        cross=(0.0, 0.0),
        promotion=0.0,
    )
    return replace(
        plan,
        shop=replace(plan.shop, margin_spread=0.0, promoted=0.0),
        supply=replace(plan.supply, seasonal=0.0, perishable=0.0, safety=8.0),
        history=replace(plan.history, whim=0.01),
        elastic=same,
    )


def war_plan() -> MarketPlan:
    """Return the parameters of mechanism a with a follower who undercuts whatever we ask."""
    plan = read_plan("elastic")
    return msgspec.structs.replace(plan, rivals=msgspec.structs.replace(plan.rivals, undercut=WAR))
