"""What is to be chosen: rows of choices, each with a value, and what they bring to targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.pricing.optimizer.frontier import picked, sums_by
from shopkeeper.pricing.shelf import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Also:
    """What rows bring to groups besides their first one, such as a price that all stores share.

    Attributes:
        row, group: Of each entry, shape (entries,).
        brings: What each choice of the row brings to the group, shape (entries, choices).
    """

    row: Ints
    group: Ints
    brings: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is to be chosen.

    Attributes:
        value: Of each choice, -inf where it is not allowed, shape (rows, choices); at least one a row is allowed.
        group: Of each row, shape (rows,).
        brings: What a choice brings to its group's target, finite, shape (rows, choices).
        need: What each group must bring, -inf where it has no target, shape (groups,).
        whole: What a choice brings to the target of all, None where there is none.
        whole_need: What all must bring.
        also: What rows bring to further groups, None where each row has one.
    """

    value: Floats
    group: Ints
    brings: Floats
    need: Floats
    whole: Floats | None = None
    whole_need: float = -np.inf
    also: Also | None = None

    def own(self, chosen: Ints) -> Floats:
        """Return what a choice brings to each group, shape (groups,)."""
        found = sums_by(self.group, picked(self.brings, chosen), len(self.need))
        if self.also is None:
            return found
        further = picked(self.also.brings, chosen[self.also.row])
        return found + sums_by(self.also.group, further, len(self.need))

    def lone(self) -> Flags:
        """Return which rows bring something to one group only, shape (rows,)."""
        found = np.ones(len(self.group), np.bool_)
        if self.also is not None:
            found[self.also.row] = False
        return found


@dataclass(frozen=True, slots=True)
class Inner:
    """A choice at one shadow price of the target of all.

    Attributes:
        chosen: Of each row, shape (rows,).
        bound: Of the sum of values at that price.
        prices: Shadow price of each group's target, shape (groups,).
        unmet: Groups whose target was not reached, shape (groups,).
    """

    chosen: Ints
    bound: float
    prices: Floats
    unmet: Flags
