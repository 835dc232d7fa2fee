"""A world: a shop, its crowd, and one mechanism of choice; the same seed makes the same world, to the bit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import msgspec
import numpy as np
from msgspec import Struct

from shopkeeper.simulation.behaviour import NEVER
from shopkeeper.simulation.worlds.acting import Acts
from shopkeeper.simulation.worlds.attributes import Attributes, AttributesPlan
from shopkeeper.simulation.worlds.mechanism import Mechanism, Minds
from shopkeeper.simulation.worlds.missions import Missions, MissionsPlan
from shopkeeper.simulation.worlds.shop import (
    CrowdPlan,
    Floats,
    Goods,
    Integers,
    People,
    ShopPlan,
    make_goods,
    make_people,
    season,
)
from shopkeeper.simulation.worlds.tastes import Tastes, TastesPlan

MechanismName = Literal["tastes", "missions", "attributes"]
MECHANISMS: Final[tuple[MechanismName, ...]] = ("tastes", "missions", "attributes")
_PACKAGE: Final = "shopkeeper.simulation.worlds"


class WorldPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of one kind of world, as its file in `parameters/` says them.

    Attributes:
        repurchase: What is bought may be recommended again, for a shop whose products run out.
        why: Of the mechanism; exactly one of the three is given.
    """

    shop: ShopPlan
    crowd: CrowdPlan
    acts: Acts
    repurchase: bool
    tastes: TastesPlan | None = None
    missions: MissionsPlan | None = None
    attributes: AttributesPlan | None = None


@dataclass(frozen=True)
class World:
    """One world.

    Attributes:
        choice: Why its shoppers choose.
        seed: It was made of, and everything in it is drawn from.
    """

    plan: WorldPlan
    choice: Mechanism
    seed: int

    @property
    def name(self) -> str:
        """The mechanism's name."""
        return self.choice.name

    @property
    def goods(self) -> Goods:
        """What is sold."""
        return self.choice.goods

    @property
    def people(self) -> People:
        """Who comes."""
        return self.choice.people

    def utility(self, minds: Minds, shoppers: Integers, day: int, seen: Integers) -> Floats:
        """Return the utility of each product to each shopper now, the truth; shape (n, products).

        What is not for sale yet, and the product one looks at, cannot be come upon.

        Args:
            seen: Products each has looked at in this visit, -1 = none, shape (n, m).
        """
        liking = self.choice.likes(minds, shoppers, day)
        liking += self.goods.appeal + season(self.goods, self.plan.shop, day)
        rows, columns = np.nonzero(seen >= 0)
        again = np.zeros_like(liking)
        again[rows, seen[rows, columns]] = self.plan.acts.again
        liking += again
        liking[:, self.goods.born > day] = NEVER
        last = minds["last"][shoppers]
        on_page = np.flatnonzero(last >= 0)
        liking[on_page, last[on_page]] = NEVER
        return np.asarray(liking, dtype=np.float32)


def read_plan(name: MechanismName) -> WorldPlan:
    """Return the parameters of a kind of world."""
    return msgspec.toml.decode(parameter_file(name), type=WorldPlan)


def parameter_file(name: MechanismName) -> bytes:
    """Return the file of parameters of a kind of world."""
    return resources.files(_PACKAGE).joinpath("parameters", f"{name}.toml").read_bytes()


def make_world(name: MechanismName, seed: int, plan: WorldPlan | None = None) -> World:
    """Make a world of one mechanism.

    Args:
        plan: None = the committed parameters; tests give smaller ones.
    """
    plan = plan or read_plan(name)
    stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    rng = np.random.default_rng([seed, stream])
    goods, people = make_goods(plan.shop, rng), make_people(plan.crowd, plan.shop, rng)
    return World(plan, _mechanism(plan, goods, people, rng), seed)


def _mechanism(plan: WorldPlan, goods: Goods, people: People, rng: np.random.Generator) -> Mechanism:
    if plan.tastes is not None:
        return Tastes(plan.tastes, goods, people, rng)
    if plan.missions is not None:
        return Missions(plan.missions, goods, people, rng)
    if plan.attributes is not None:
        return Attributes(plan.attributes, goods, people, rng)
    raise ValueError("A world needs one of the parts `tastes`, `missions` and `attributes`.")
