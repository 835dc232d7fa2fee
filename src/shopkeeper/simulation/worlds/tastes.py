"""World `tastes`: shoppers have a taste that drifts, products have hidden traits, and each visit is after a category.

Likes of shopper s for product p: `taste * <x_s, q_p>` with hidden vectors x and q, plus `need` where p is of the
category the visit is after, plus `mood * <q_last, q_p>`. What content says of the traits is a hint at most.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from shopkeeper.simulation.worlds.mechanism import Minds, drawn
from shopkeeper.simulation.worlds.shop import Flags, Floats, Goods, Integers, People
from shopkeeper.simulation.worlds.words import LOOKS, SEGMENTS, categories


class TastesPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why shoppers choose in this world.

    Attributes:
        traits: Length of the hidden vectors.
        of_category: Share of the traits' variance that products of one category have in common.
        of_segment: Share of the taste's variance that shoppers of one segment have in common.
        taste, need, mood: Weights, see the module.
        drift_days: After this time half of a taste has been replaced.
        shift: Chance that a page makes the visit turn to another category; a purchase always does.
        hint: How surely words of a product follow its traits.
    """

    traits: int
    of_category: float
    of_segment: float
    taste: float
    need: float
    mood: float
    drift_days: float
    shift: float
    hint: float


class Tastes:
    """Implements `mechanism.Mechanism`; looks of the goods are made anew, as they follow the traits."""

    name = "tastes"

    def __init__(self, plan: TastesPlan, goods: Goods, people: People, rng: np.random.Generator) -> None:
        leaves, width = len(categories()), plan.traits
        self._plan = plan
        self.people = people
        middle = rng.normal(size=(leaves, width))
        own = rng.normal(size=(goods.size, width))
        traits = np.sqrt(plan.of_category) * middle[goods.category] + np.sqrt(1 - plan.of_category) * own
        traits *= np.sqrt(width) / np.linalg.norm(traits, axis=1, keepdims=True)  # else long vectors are everybody's
        self._traits = (traits / width**0.25).astype(np.float32)
        self._middle = (middle / width**0.25).astype(np.float32)
        heard = traits @ rng.normal(size=(width, len(LOOKS))) / np.sqrt(width) * plan.hint
        heard += rng.gumbel(size=heard.shape)
        looks = (np.argsort(np.argsort(-heard, axis=1), axis=1) < 3).astype(np.float32)
        self.goods = Goods(**{**{f: getattr(goods, f) for f in Goods.__slots__}, "looks": looks})
        self._pull = rng.normal(0.0, 0.3, leaves)
        shared = rng.normal(size=(len(SEGMENTS), width))
        self._centre = (np.sqrt(plan.of_segment) * shared[people.segment] / width**0.25).astype(np.float32)
        self._first = self._own(rng, people.size)

    def _own(self, rng: np.random.Generator, count: int) -> Floats:
        scale = np.sqrt(1 - self._plan.of_segment) / self._plan.traits**0.25
        return np.asarray(rng.normal(size=(count, self._plan.traits)) * scale, dtype=np.float32)

    def minds(self) -> Minds:
        """Return tastes as they are before anybody came."""
        n = self.people.size
        return {
            "taste": self._first.copy(),
            "day": np.maximum(self.people.since, 0),
            "need": np.zeros(n, dtype=np.int64),
            "last": np.full(n, -1, dtype=np.int64),
        }

    def enter(self, minds: Minds, shoppers: Integers, day: int, rng: np.random.Generator) -> None:
        """Let tastes drift since the last visit and pick what the visit is after."""
        kept = np.exp2(-(day - minds["day"][shoppers]) / self._plan.drift_days)[:, None]
        fresh = self._own(rng, len(shoppers))
        minds["taste"][shoppers] = kept * minds["taste"][shoppers] + np.sqrt(1 - kept**2) * fresh
        minds["day"][shoppers] = day
        minds["last"][shoppers] = -1
        self._turn(minds, shoppers, rng.random(len(shoppers), dtype=np.float32))

    def _turn(self, minds: Minds, shoppers: Integers, dice: Floats) -> None:
        """Let shoppers be after another category, the likelier the more it is to their taste."""
        if len(shoppers):
            liking = self._taste(minds, shoppers) @ self._middle.T + self._pull
            minds["need"][shoppers] = drawn(np.exp(liking), dice)

    def _taste(self, minds: Minds, shoppers: Integers) -> Floats:
        return np.asarray(minds["taste"][shoppers] + self._centre[shoppers], dtype=np.float32)

    def likes(self, minds: Minds, shoppers: Integers, day: int) -> Floats:  # noqa: ARG002 - tastes drift in `enter`
        """Return taste, need and mood together."""
        last = minds["last"][shoppers]
        mood = np.where(last[:, None] >= 0, self._traits[last], np.float32(0)) * self._plan.mood
        liking = (self._plan.taste * self._taste(minds, shoppers) + mood) @ self._traits.T
        liking += self._plan.need * (minds["need"][shoppers][:, None] == self.goods.category[None, :])
        return np.asarray(liking, dtype=np.float32)

    def saw(self, minds: Minds, shoppers: Integers, products: Integers, bought: Flags, day: int, dice: Floats) -> None:  # noqa: ARG002
        """Remember the page; who bought, and some others, turn to another category."""
        minds["last"][shoppers] = products
        turns = bought | (dice[:, 0] < self._plan.shift)
        self._turn(minds, shoppers[turns], dice[turns, 1])
