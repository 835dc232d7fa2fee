"""Lists that try things out: which products may stand at each place, and with what chance exactly.

A place of the list made without chance is one of three. A *kept* one shows its product. An *open* one shows its product
with the chance `1 - share`, and with `share` one of the spare products, all alike. A *reserved* one shows one of the
fresh products, all alike. No product comes twice. A spare product has the same chance as any other at every open place,
so both chances of what is shown are exact:

    given the places above:  share / (spare products not shown above)     whatever stands above:  share / spare products

The first is for estimates that follow the list from the top, the second for those that judge place by place.

Source:
    Own design, so that the chance at a place has a closed form; a Plackett-Luce draw has none below the first place.
    Li et al. (2018), Offline Evaluation of Ranking Policies with Click Models, for the estimate by places.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands at one place.

    Attributes:
        propensity: Chance of this product at this place, given the places above.
        chance: Chance of this product at this place, whatever stands above.
    """

    product: str
    propensity: float
    chance: float


@dataclass(frozen=True, slots=True)
class Odds:
    """What may stand at each place of a list, and how likely.

    Attributes:
        base: The list without chance, best first.
        share: Chance that an open place shows a spare product.
        open: Places that may, from 0; at most as many as there are spare products.
        spare: Products none of which is in another part.
        reserved: Places for fresh products; at most as many as there are.
        fresh: Products none of which is in another part.
    """

    base: tuple[str, ...]
    share: float = 0.0
    open: frozenset[int] = frozenset()
    spare: tuple[str, ...] = ()
    reserved: frozenset[int] = frozenset()
    fresh: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """True where nothing is left to chance."""
        return not self.open and not self.reserved

    def draw(self, seed: int) -> list[Drawn]:
        """Return a list drawn by chance; the same seed draws the same."""
        chance = Random(seed)  # noqa: S311 - which product is tried out is no secret
        spare, fresh = list(self.spare), list(self.fresh)
        shown = []
        for place, product in enumerate(self.base):
            if place in self.reserved:
                given = 1.0 / len(fresh)
                shown.append(Drawn(_taken(fresh, chance), given, 1.0 / len(self.fresh)))
            elif place not in self.open:
                shown.append(Drawn(product, 1.0, 1.0))
            elif chance.random() < self.share:
                given = self.share / len(spare)
                shown.append(Drawn(_taken(spare, chance), given, self.share / len(self.spare)))
            else:
                shown.append(Drawn(product, 1.0 - self.share, 1.0 - self.share))
        return shown

    def chance(self, place: int, product: str) -> float:
        """Return the chance of a product at a place, whatever stands above."""
        if place >= len(self.base):
            return 0.0
        if place in self.reserved:
            return 1.0 / len(self.fresh) if product in self.fresh else 0.0
        if product == self.base[place]:
            return 1.0 - self.share if place in self.open else 1.0
        return self.share / len(self.spare) if place in self.open and product in self.spare else 0.0


def odds(
    base: Sequence[str],
    spare: Sequence[str],
    fresh: Sequence[str],
    *,
    share: float,
    reserved: int,
    kept: Collection[int] = (),
    new: Collection[int] = (),
) -> Odds:
    """Return the odds of a list.

    Of open places the lowest of the list are left open where there are more of them than spare products.

    Args:
        base: The list without chance, best first.
        spare: What an open place may show instead, none of it in `base`.
        fresh: New products, none of them in `base`; no spare ones where places are reserved for them.
        share: Chance that an open place shows a spare product, 0 to 1.
        reserved: Places that fresh products should have, spread evenly down to the last.
        kept: Places that are nobody's to change.
        new: Places where a new product stands already; they are not reserved.
    """
    free = [place for place in range(len(base)) if place not in kept]
    room = [place for place in free if place not in new]
    given = min(reserved, len(fresh), len(room))
    held = frozenset(room[(turn + 1) * len(room) // given - 1] for turn in range(given))
    tried = [product for product in spare if not given or product not in fresh]
    left = [place for place in free if place not in held]
    lowest = left[max(len(left) - len(tried), 0) :] if share > 0 else []
    return Odds(
        tuple(base), share, frozenset(lowest), tuple(tried) if lowest else (), held, tuple(fresh) if given else ()
    )


def places_for_new(share: float, k: int) -> int:
    """Return how many places of `k` are at least a share of them."""
    return math.ceil(share * k - 1e-9)


def seed_of(text: str) -> int:
    """Return the seed that a text stands for: 64 bits of its BLAKE2b hash."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _taken(products: list[str], chance: Random) -> str:
    return products.pop(int(chance.random() * len(products)))
