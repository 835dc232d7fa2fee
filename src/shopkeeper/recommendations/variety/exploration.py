"""Lists that try things out: which products may stand at each place, and with what chance exactly.

A place of the list made without chance is one of three. A *kept* one shows its product. A *reserved* one shows one of
the fresh products, all alike. Of the *open* ones a list changes at most one thing: with the chance `share` one of

    N = m * s + m * (m - 1) / 2

changes is made, all alike: one of the s spare products at one of the m open places, or two open places swapped. Every
product that is not a place's own has one chance there, `share / N`, whatever stands at the others, and its own has
`1 - share * (s + m - 1) / N`. From the top down, with nothing changed yet and r open places left, N_r counted alike and
`q(r) = 1 - share + share * N_r / N`: a place keeps its product with `q(r - 1) / q(r)`, any other one is there with
`share / N / q(r)`; below a change nothing is left to chance.

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
        open: Whether it is a place that a change may be at: the same products may stand at each of them.
    """

    product: str
    propensity: float
    chance: float
    open: bool = False


@dataclass(frozen=True, slots=True)
class Odds:
    """What may stand at each place of a list, and how likely.

    Attributes:
        base: The list without chance, best first.
        share: Chance that the list has one change.
        open: Places it may be at, from 0, the highest first.
        spare: Products none of which is in another part.
        reserved: Places for fresh products; at most as many as there are.
        fresh: Products none of which is in another part.
    """

    base: tuple[str, ...]
    share: float = 0.0
    open: tuple[int, ...] = ()
    spare: tuple[str, ...] = ()
    reserved: frozenset[int] = frozenset()
    fresh: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """True where nothing is left to chance."""
        return not self.reserved and not (self.share > 0 and self._changes(len(self.open)))

    def draw(self, seed: int) -> list[Drawn]:
        """Return a list drawn by chance; the same seed draws the same."""
        chance = Random(seed)  # noqa: S311 - which product is tried out is no secret
        shown, fresh = self._changed(chance), list(self.fresh)
        open_places = frozenset() if self._changes(len(self.open)) == 0 else frozenset(self.open)
        left, changed = len(self.open), False
        drawn = []
        for place, product in enumerate(shown):
            if place in self.reserved:
                given = 1.0 / len(fresh)
                one = fresh.pop(int(chance.random() * len(fresh)))
                drawn.append(Drawn(one, given, self.chance(place, one)))
                continue
            if place not in open_places:
                drawn.append(Drawn(product, 1.0, 1.0))
                continue
            own, given = product == self.base[place], 1.0
            if not changed:
                given = (self._unchanged(left - 1) if own else self._each()) / self._unchanged(left)
            changed, left = changed or not own, left - 1
            drawn.append(Drawn(product, given, self._own() if own else self._each(), open=True))
        return drawn

    def chance(self, place: int, product: str) -> float:
        """Return the chance of a product at a place, whatever stands above."""
        if place >= len(self.base):
            return 0.0
        if place in self.reserved:
            return 1.0 / len(self.fresh) if product in self.fresh else 0.0
        own = product == self.base[place]
        if place not in self.open or self.certain:
            return float(own)
        if own:
            return self._own()
        return self._each() if product in self.spare or product in self._movable() else 0.0

    def _changed(self, chance: Random) -> list[str]:
        """Return the list with the change that is drawn, if one is."""
        shown, m, s = list(self.base), len(self.open), len(self.spare)
        drawn = chance.random()
        if drawn >= self.share or not self._changes(m):
            return shown
        number = int(chance.random() * self._changes(m))
        if number < m * s:
            shown[self.open[number // s]] = self.spare[number % s]
            return shown
        number -= m * s
        upper = 0
        while number >= m - 1 - upper:
            number -= m - 1 - upper
            upper += 1
        one, two = self.open[upper], self.open[upper + 1 + number]
        shown[one], shown[two] = shown[two], shown[one]
        return shown

    def _changes(self, places: int) -> int:
        """Return how many changes there are within so many open places."""
        return places * len(self.spare) + places * (places - 1) // 2

    def _each(self) -> float:
        """Return the chance of each change."""
        return self.share / self._changes(len(self.open))

    def _own(self) -> float:
        """Return the chance that an open place keeps its product."""
        return 1.0 - self._each() * (len(self.spare) + len(self.open) - 1)

    def _unchanged(self, left: int) -> float:
        """Return the chance that nothing is changed above the last `left` open places."""
        every = self._changes(len(self.open))
        return 1.0 - self.share + self.share * self._changes(left) / every if every else 1.0

    def _movable(self) -> set[str]:
        return {self.base[place] for place in self.open}


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

    Args:
        base: The list without chance, best first.
        spare: What an open place may show instead, none of it in `base`.
        fresh: New products, none of them in `base`; no spare ones where places are reserved for them.
        share: Chance that the list has one change, 0 to 1.
        reserved: Places that fresh products should have, spread evenly down to the last.
        kept: Places that are nobody's to change.
        new: Places where a new product stands already; they are not reserved.
    """
    free = [place for place in range(len(base)) if place not in kept]
    room = [place for place in free if place not in new]
    given = min(reserved, len(fresh), len(room))
    held = frozenset(room[(turn + 1) * len(room) // given - 1] for turn in range(given))
    tried = tuple(product for product in spare if not given or product not in fresh)
    left = tuple(place for place in free if place not in held) if share > 0 else ()
    return Odds(tuple(base), share, left, tried if left else (), held, tuple(fresh) if given else ())


def places_for_new(share: float, k: int) -> int:
    """Return how many places of `k` are at least a share of them."""
    return math.ceil(share * k - 1e-9)


def seed_of(text: str) -> int:
    """Return the seed that a text stands for: 64 bits of its BLAKE2b hash."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
