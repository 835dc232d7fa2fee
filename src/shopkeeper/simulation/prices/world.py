"""A price market's world: what is sold, what happens anyway, who else sells, why shoppers buy; made of one seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import numpy as np

from shopkeeper.simulation.prices.catalogue import Catalogue, make_catalogue
from shopkeeper.simulation.prices.demand import Demand
from shopkeeper.simulation.prices.elastic import Elastic
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS, SCORED_WEEKS, MarketPlan, MechanismName, Size, read_plan
from shopkeeper.simulation.prices.ports import Floats
from shopkeeper.simulation.prices.replay import Replay
from shopkeeper.simulation.prices.rivals import Rivals, make_rivals
from shopkeeper.simulation.prices.shoppers import make_shoppers
from shopkeeper.simulation.prices.supply import Buying, make_buying
from shopkeeper.simulation.prices.weather import Weather, make_weather

Past = Literal["confounded", "twin", "still"]
WEEKS: Final = HISTORY_WEEKS + SCORED_WEEKS


@dataclass(frozen=True, slots=True)
class World:
    """One world.

    Attributes:
        demand: As it is before the first week; a run takes a copy.
        past: How the prices of its history came about.
    """

    plan: MarketPlan
    seed: int
    catalogue: Catalogue
    weather: Weather
    rivals: Rivals
    buying: Buying
    demand: Demand
    past: Past

    def luck(self, what: str, week: int) -> np.random.Generator:
        """Return the generator of one week's luck, the same for every policy."""
        return stream(self.seed, f"luck of {what}", week)

    def cost(self, week: int) -> Floats:
        """Return the unit cost of each pair in a week."""
        shelf = self.catalogue.shelf
        return np.asarray(shelf.anchor_cost * self.weather.cost[week][shelf.product])


def make_world(
    mechanism: MechanismName, seed: int, *, plan: MarketPlan | None = None, size: Size | None = None,
    past: Past = "confounded",
) -> World:  # fmt: skip
    """Make a world of one mechanism.

    Worlds of one seed that differ in their past only have the same products, shoppers, costs and luck: they are twins.

    Args:
        plan: None = the committed parameters.
        size: None = the plan's.
    """
    plan = plan or read_plan(mechanism)
    plan = msgspec.structs.replace(plan, size=size or plan.size)
    catalogue = make_catalogue(plan, stream(seed, f"{mechanism} catalogue"))
    category = catalogue.shelf.category[: plan.size.products]
    return World(
        plan=plan,
        seed=seed,
        catalogue=catalogue,
        weather=make_weather(plan, category, WEEKS, stream(seed, f"{mechanism} weather")),
        rivals=make_rivals(plan.rivals, catalogue.shelf, plan.size.stores, stream(seed, f"{mechanism} rivals")),
        buying=make_buying(plan.supply, catalogue, stream(seed, f"{mechanism} buying")),
        demand=_demand(plan, catalogue, stream(seed, f"{mechanism} demand")),
        past=past,
    )


def stream(seed: int, what: str, *more: int) -> np.random.Generator:
    """Return a generator for one purpose of one world."""
    name = int.from_bytes(hashlib.sha256(what.encode()).digest()[:4], "big")
    return np.random.default_rng([seed, name, *more])


def _demand(plan: MarketPlan, catalogue: Catalogue, rng: np.random.Generator) -> Demand:
    if plan.elastic is not None:
        return Elastic(plan.elastic, catalogue, plan.shocks.pair, rng)
    if plan.shoppers is not None:
        return make_shoppers(plan.shoppers, catalogue, rng)
    if plan.replay is not None:
        return Replay(plan.replay, catalogue, plan.shocks.pair, rng)
    raise ValueError("A market needs one of the parts `elastic`, `shoppers` and `replay`.")
