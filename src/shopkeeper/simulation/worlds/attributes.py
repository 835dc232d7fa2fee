"""World `attributes`: who somebody is, what they pay, and what a product is made of decide; many are new.

Likes of shopper s for product p: the sum over brand, category and looks of p of what people of s's age, gender, region
and segment think of them (and, with weight `own`, s alone), less `price * |log(price of p / what s pays)|`. In a visit
`focus` is added where p is of the category just looked at, and `alike` for the brand and each look it shares with the
product just looked at. Products come all the time, and many shoppers are seen for the first time.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from shopkeeper.simulation.worlds.mechanism import Minds
from shopkeeper.simulation.worlds.shop import Flags, Floats, Goods, Integers, People, relative_price
from shopkeeper.simulation.worlds.words import AGE_BANDS, GENDERS, REGIONS, SEGMENTS, categories


class AttributesPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why shoppers choose in this world.

    Attributes:
        brand, category, look: How much each kind of fact counts.
        own: Share of the variance of what is thought of a fact that is the shopper's alone.
        price: How much a price away from what one pays is minded.
        focus: How much a visit stays in the category just looked at.
        alike: How much it stays with the brand and the looks just looked at.
    """

    brand: float
    category: float
    look: float
    own: float
    price: float
    focus: float
    alike: float


class Attributes:
    """Implements `mechanism.Mechanism`."""

    name = "attributes"

    def __init__(self, plan: AttributesPlan, goods: Goods, people: People, rng: np.random.Generator) -> None:
        self._plan = plan
        self.goods, self.people = goods, people
        facts = _facts(plan, goods)
        self._kin = np.hstack([np.eye(len(goods.brands), dtype=np.float32)[goods.brand], goods.looks])
        traits = (
            (people.age, AGE_BANDS),
            (people.gender, GENDERS),
            (people.region, REGIONS),
            (people.segment, SEGMENTS),
        )
        share = np.sqrt((1.0 - plan.own) / len(traits))
        thought = sum(share * rng.normal(size=(len(names), facts.shape[1]))[place] for place, names in traits)
        thought = thought + np.sqrt(plan.own) * rng.normal(size=(people.size, facts.shape[1]))
        liking = thought.astype(np.float32) @ facts.T
        away = np.abs(np.log(relative_price(goods))[None, :] - np.log(people.purse)[:, None])
        self._liking = np.asarray(liking - plan.price * away, dtype=np.float32)

    def minds(self) -> Minds:
        """Return that nobody looks at anything; what people like does not change in this world."""
        return {"last": np.full(self.people.size, -1, dtype=np.int64)}

    def enter(self, minds: Minds, shoppers: Integers, day: int, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Begin a visit."""
        minds["last"][shoppers] = -1

    def likes(self, minds: Minds, shoppers: Integers, day: int) -> Floats:  # noqa: ARG002 - nothing changes
        """Return what people like, and more of the category just looked at."""
        last = minds["last"][shoppers]
        here = np.where(last >= 0, self.goods.category[last], -1)
        liking = self._liking[shoppers].copy()
        liking += self._plan.focus * (here[:, None] == self.goods.category[None, :])
        common = np.where(last[:, None] >= 0, self._kin[last], np.float32(0)) @ self._kin.T
        liking += self._plan.alike * common
        return np.asarray(liking, dtype=np.float32)

    def saw(self, minds: Minds, shoppers: Integers, products: Integers, bought: Flags, day: int, dice: Floats) -> None:  # noqa: ARG002
        """Remember the page."""
        minds["last"][shoppers] = products


def _facts(plan: AttributesPlan, goods: Goods) -> Floats:
    """Return the facts of each product, weighted, shape (products, brands + categories + looks)."""
    brand = plan.brand * np.eye(len(goods.brands), dtype=np.float32)[goods.brand]
    category = plan.category * np.eye(len(categories()), dtype=np.float32)[goods.category]
    looks = plan.look * goods.looks / np.sqrt(3.0)
    return np.asarray(np.hstack([brand, category, looks]), dtype=np.float32)
