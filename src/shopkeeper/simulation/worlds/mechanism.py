"""What a mechanism is: why a shopper likes one product more than another at one moment."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.worlds.shop import Flags, Floats, Goods, Integers, People

Minds = dict[str, npt.NDArray[Any]]
"""What is on shoppers' minds, by name; first axis = shoppers. A mechanism changes it in place."""


class Mechanism(Protocol):
    """Why shoppers choose.

    Laws: everything that chance decides comes from the generator or the dice handed in, so the same draws lead to the
    same minds whatever shoppers are shown; `likes` changes nothing.
    """

    goods: Goods
    people: People

    @property
    def name(self) -> str:
        """`tastes`, `missions` or `attributes`."""
        ...

    def minds(self) -> Minds:
        """Return what is on everybody's mind before the first day."""
        ...

    def enter(self, minds: Minds, shoppers: Integers, day: int, rng: np.random.Generator) -> None:
        """Let shoppers begin a visit, each at most once in `shoppers`."""
        ...

    def likes(self, minds: Minds, shoppers: Integers, day: int) -> Floats:
        """Return what each shopper thinks of each product now, popularity and season left out; (n, products)."""
        ...

    def saw(self, minds: Minds, shoppers: Integers, products: Integers, bought: Flags, day: int, dice: Floats) -> None:
        """Let what shoppers looked at, and whether they bought it, change their minds.

        Args:
            dice: Two even draws of each shopper, shape (n, 2).
        """
        ...


def copied(minds: Minds) -> Minds:
    """Return minds that can change without the others."""
    return {name: values.copy() for name, values in minds.items()}


def drawn(weights: npt.NDArray[np.floating[Any]], dice: npt.NDArray[np.floating[Any]]) -> Integers:
    """Return a column of each row with probability in proportion to its weight; `dice` are even draws, shape (n,)."""
    edges = np.cumsum(weights, axis=1)
    places = (edges <= dice[:, None] * edges[:, -1:]).sum(axis=1)
    return np.asarray(np.minimum(places, weights.shape[1] - 1), dtype=np.int64)
