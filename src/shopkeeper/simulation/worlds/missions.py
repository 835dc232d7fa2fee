"""World `missions`: visits follow errands from category to category, things go together, and what runs out comes back.

A visit begins with what is due, else with an errand, and moves along a directed graph of categories. Likes of shopper s
for product p: `need` where p is of the category the errand has come to, `fits` where p goes with the product just
looked at (in this order, not the other way round), `alike` where it stands in for it, `loyal` where p is of the brand s
keeps to in that department, `usual` where it is what s bought last time in a category that runs out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from shopkeeper.simulation.worlds.mechanism import Minds, drawn
from shopkeeper.simulation.worlds.shop import Flags, Floats, Goods, Integers, People
from shopkeeper.simulation.worlds.words import AGE_BANDS, DEPARTMENTS, categories

RUNS_OUT: Final = frozenset({
    "Coffee", "Tea", "Soap", "Shampoo", "Socks", "Shoe Care", "Seeds", "Soil", "Nappies", "Dog Food", "Cat Food",
    "Litter",
})  # fmt: skip
"""Categories whose products are bought again after a while."""


class MissionsPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why shoppers choose in this world.

    Attributes:
        need, fits, alike, loyal, usual: Weights, see the module.
        advance: Chance that a page moves the errand on; a purchase always does.
        next: Share of the likeliest next category, the others share the rest.
        cycle_days: After this time what runs out is due, at the middle category.
        routine: Chance that a visit begins with what is due, where something is.
        of_age: Deviation of the log start chances of a category between age bands.
    """

    need: float
    fits: float
    alike: float
    loyal: float
    usual: float
    advance: float
    next: float
    cycle_days: float
    routine: float
    of_age: float


class Missions:
    """Implements `mechanism.Mechanism`."""

    name = "missions"

    def __init__(self, plan: MissionsPlan, goods: Goods, people: People, rng: np.random.Generator) -> None:
        self._plan = plan
        self.goods, self.people = goods, people
        leaves = categories()
        departments = list(DEPARTMENTS)
        self._department = np.array([departments.index(name) for name, _ in leaves])
        self._ways = _ways(self._department, plan.next, rng)
        self._runs_out = np.array([leaf in RUNS_OUT for _, leaf in leaves])
        self._cycle = plan.cycle_days * rng.lognormal(0.0, 0.35, len(leaves))
        start = rng.normal(0.0, 0.8, len(leaves)) + rng.normal(0.0, plan.of_age, (len(AGE_BANDS), len(leaves)))
        self._start = np.exp(start)
        self._loyal = rng.integers(0, len(goods.brands), (people.size, len(departments)))
        self._pull = self._pulls(rng)

    def _pulls(self, rng: np.random.Generator) -> Floats:
        """Return what the product just looked at adds to the others; last row = none yet."""
        goods, n = self.goods, self.goods.size
        pull = np.zeros((n + 1, n), dtype=np.float32)
        members = [np.flatnonzero(goods.category == c) for c in range(len(self._ways))]
        for product in range(n):
            category = int(goods.category[product])
            for successor in np.argsort(-self._ways[category])[:2].tolist():
                if len(members[successor]):
                    pull[product, rng.choice(members[successor], 2)] += self._plan.fits
            pull[product, rng.choice(members[category], 2)] += self._plan.alike
        return pull

    def minds(self) -> Minds:
        """Return that nobody has bought anything yet."""
        n, leaves = self.people.size, len(self._cycle)
        return {
            "need": np.zeros(n, dtype=np.int64),
            "last": np.full(n, -1, dtype=np.int64),
            "usual": np.full((n, leaves), -1, dtype=np.int64),
            "bought": np.full((n, leaves), -1_000.0, dtype=np.float32),
        }

    def enter(self, minds: Minds, shoppers: Integers, day: int, rng: np.random.Generator) -> None:
        """Begin with what is due the longest, else with an errand."""
        dice = rng.random((len(shoppers), 2))
        errand = drawn(self._start[self.people.age[shoppers]], dice[:, 0])
        had = minds["usual"][shoppers] >= 0
        late = np.where(had & self._runs_out, (day - minds["bought"][shoppers]) / self._cycle, 0.0)
        due = (late.max(axis=1) >= 1.0) & (dice[:, 1] < self._plan.routine)
        minds["need"][shoppers] = np.where(due, late.argmax(axis=1), errand)
        minds["last"][shoppers] = -1

    def likes(self, minds: Minds, shoppers: Integers, day: int) -> Floats:  # noqa: ARG002 - what is due is met in `enter`
        """Return errand, what goes together, brand and habit together."""
        plan, goods, need = self._plan, self.goods, minds["need"][shoppers]
        liking = self._pull[minds["last"][shoppers]].copy()
        liking += plan.need * (need[:, None] == goods.category[None, :])
        liking += plan.loyal * (self._loyal[shoppers][:, self._department[goods.category]] == goods.brand[None, :])
        usual = minds["usual"][shoppers, need]
        rows = np.flatnonzero((usual >= 0) & self._runs_out[need])
        liking[rows, usual[rows]] += plan.usual
        return np.asarray(liking, dtype=np.float32)

    def saw(self, minds: Minds, shoppers: Integers, products: Integers, bought: Flags, day: int, dice: Floats) -> None:
        """Remember the page and what was bought; the errand moves on after a purchase, and sometimes without."""
        category = self.goods.category[products]
        minds["last"][shoppers] = products
        minds["usual"][shoppers[bought], category[bought]] = products[bought]
        minds["bought"][shoppers[bought], category[bought]] = day
        moves = bought | (dice[:, 0] < self._plan.advance)
        minds["need"][shoppers[moves]] = drawn(self._ways[category[moves]], dice[moves, 1])


def _ways(department: Integers, likeliest: float, rng: np.random.Generator) -> Floats:
    """Return how likely each category follows each other one, shape (categories, categories); three do at all.

    The likeliest lies in the same department, so errands stay together for a while; the others lie anywhere.
    """
    count = len(department)
    ways = np.zeros((count, count), dtype=np.float32)
    for category in range(count):
        near = np.flatnonzero((department == department[category]) & (np.arange(count) != category))
        ways[category, rng.choice(near)] += likeliest
        for other in rng.choice(np.delete(np.arange(count), category), 2, replace=False).tolist():
            ways[category, other] += (1 - likeliest) / 2
    return ways
