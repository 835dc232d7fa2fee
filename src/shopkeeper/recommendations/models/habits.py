"""What shoppers' habits are, whatever the model: what is bought together, and after how long it is bought again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.model import Arrays
from shopkeeper.recommendations.models.cycles import read_cycles, repurchase_days
from shopkeeper.recommendations.models.together import FEWEST_BUYERS, Together, bought_together, read_together


@dataclass(frozen=True, slots=True)
class Habits:
    """Tables that stand beside every model in its bundle.

    Attributes:
        together: What is bought with each item; see `together`.
        cycles: After how many days each item is bought again, 0 = it is not known to be; shape (items,).
    """

    together: Together
    cycles: npt.NDArray[np.float32]


def habit_arrays(data: Interactions, fewest_buyers: int = FEWEST_BUYERS) -> dict[str, npt.NDArray[np.generic]]:
    """Return the tables as arrays of a bundle; `fewest_buyers` as in `together.bought_together`."""
    return {**bought_together(data, fewest_buyers).arrays("together"), "cycles.days": repurchase_days(data)}


def read_habits(arrays: Arrays, size: int) -> Habits:
    """Return the tables of a bundle; empty ones where it was made before there were any."""
    return Habits(read_together(arrays, size), read_cycles(arrays, size))
