"""What may be tried out to learn how demand answers: the limits of every price, and what is tried in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from shopkeeper.pricing.shelf import Flags, Floats, Ints

Kind = Literal["wobble", "draw"]
KINDS: Final[tuple[Kind, ...]] = ("wobble", "draw")
"""`wobble`: a designed small move of a price whose slope is weakly known; `draw`: the best price for a slope drawn from
what is believed of it (Thompson)."""
UNTRIED: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """What may be tried of some prices; each array has shape (pairs,).

    Attributes:
        may: Whether a price may be tried out at all; where not, the figures below are of no meaning.
        budget: Money that may be at risk a week, a share of the revenue of the pool's prices.
        share: Largest part of the pool's prices that are tried at once.
        move: Farthest a try may lie from the price that would have been set, a share of it.
        weeks: Weeks within which what is learnt must pay for a try.
        enough: Standard deviation of a slope below which nothing is tried.
        wide: The same, from which a price is wobbled and not drawn for.
        weak: Whether a slope is not the word of the pair's own prices.
        unknown: Whether nobody has an opinion on a slope, so that no figure by it counts as a gain.
        pool: Index of the budget a price belongs to.
        up: Whether a wobble of it goes up this time.
        seed: Of the draws.
    """

    may: Flags
    budget: Floats
    share: Floats
    move: Floats
    weeks: Floats
    enough: Floats
    wide: Floats
    weak: Flags
    unknown: Flags
    pool: Ints
    up: Flags
    seed: int


@dataclass(frozen=True, slots=True)
class Tries:
    """What is tried in a week; each array has shape (pairs,).

    Attributes:
        kind: Index into `KINDS`, -1 where nothing is tried.
        place: Candidate that would have been chosen had nothing to be learnt.
        cost: Money of the objective expected to be given up at the try itself, what it does to targets counted in.
        risk: Money given up on average where the try turns out to be the worse price, given what is believed; at least
            `cost`.
        gain: Money a week that prices are expected to gain by what the try teaches.
        total: Money of the objective expected to be given up by all tries together, others' answers to the targets
            counted in.
        budget: Money that may be.
        seed: Of the draws.
    """

    kind: Ints
    place: Ints
    cost: Floats
    risk: Floats
    gain: Floats
    total: float
    budget: float
    seed: int

    @property
    def tried(self) -> Flags:
        """Whether a price is tried."""
        return np.asarray(self.kind != UNTRIED)
