"""The best choice of each group of rows under its own target, read off its frontier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.frontier import Meter, Steps, best_choices, hull_steps, in_order, picked, sums_by
from shopkeeper.pricing.optimizer.program import Inner, Program
from shopkeeper.pricing.shelf import Flags, Floats, Ints

BACK: Final = 100
BACK_IN_ALL: Final = 5_000
"""Steps of a group that are tried to be taken back, at least and divided by the groups."""
ROUNDING: Final = 1e-11


@dataclass(slots=True)
class Frontiers:
    """Frontiers of groups of rows, each found when it is first needed.

    Attributes:
        program: Rows that bring something to one group each.
        value: Of each choice, shape (rows, choices).
        start: Best choice of each row without any target.
        sums: What these bring to each group, shape (groups,).
        size: The same with all that is brought or taken counted as brought, for rounding.
        held: Group -> its steps, cheapest first.
    """

    program: Program
    value: Floats
    start: Ints
    sums: Floats
    size: Floats
    held: dict[int, Steps] = field(default_factory=dict)

    def of(self, wanted: Flags, meter: Meter) -> dict[int, Steps]:
        """Return the steps of groups, shape of `wanted` (groups,)."""
        new = wanted.copy()
        new[list(self.held)] = False
        if new.any():
            group, brings = self.program.group, self.program.brings
            steps = hull_steps(self.value, brings, self.start, np.flatnonzero(new[group]), meter)
            steps = steps.at(in_order(steps, group))
            first = np.searchsorted(group[steps.row], np.arange(len(new) + 1))
            for one in np.flatnonzero(new).tolist():
                self.held[one] = steps.at(slice(first[one], first[one + 1]))
        return self.held

    def bound(self, prices: Floats) -> float:
        """Return the largest sum of values and of what is brought, at the groups' shadow prices."""
        total = float(picked(self.value, self.start).sum() + prices @ self.sums)
        for one in np.flatnonzero(prices).tolist():
            steps = self.held[one]
            total += float(np.maximum(prices[one] * steps.brings - steps.costs, 0.0).sum())
        return total


def frontiers_of(program: Program, value: Floats, meter: Meter) -> Frontiers:
    """Return the frontiers of a program's rows for some values of their choices."""
    start = best_choices(value, program.brings, meter)
    now, groups = picked(program.brings, start), len(program.need)
    sums, size = sums_by(program.group, now, groups), sums_by(program.group, np.abs(now), groups)
    return Frontiers(program, value, start, sums, size)


def inner(frontiers: Frontiers, wanted: Floats, meter: Meter) -> Inner:
    """Return the best choice of each group under its own target, and the bound of their sum.

    Args:
        wanted: What each group must bring, -inf where it has no target, shape (groups,).
    """
    groups = len(wanted)
    chosen = frontiers.start.copy()
    need = wanted + ROUNDING * frontiers.size
    bound = float(picked(frontiers.value, chosen).sum())
    prices, unmet = np.zeros(groups), np.zeros(groups, np.bool_)
    short = frontiers.sums < need
    if not short.any():
        return Inner(chosen, bound, prices, unmet)
    held = frontiers.of(short, meter)
    most = max(BACK, BACK_IN_ALL // groups)
    for one in np.flatnonzero(short).tolist():
        steps = held[one]
        brought, cost = steps.brings, steps.costs
        taken = np.zeros(len(brought), np.bool_)
        reached = frontiers.sums[one] + np.cumsum(brought)
        last = int(np.searchsorted(reached, need[one]))
        if last == len(brought):
            unmet[one] = True
            taken[:] = True
            prices[one] = cost[-1] / brought[-1] if len(brought) else 0.0
            bound -= float(cost.sum())
        else:
            taken[: last + 1] = True
            prices[one] = cost[last] / brought[last]
            over = float(reached[last] - need[one])
            bound -= float(cost[: last + 1].sum() - over * prices[one])
            _take_back(steps.row, brought, taken, last, over, most)
        chosen[steps.row[taken]] = steps.to[taken]  # a row's later step stands later, and the last one counts
    return Inner(chosen, bound, prices, unmet)


def _take_back(row: Ints, brought: Floats, taken: Flags, end: int, slack: float, most: int) -> None:
    """Undo steps that are not needed since the last one went beyond the target, the dearest first, in place."""
    kept = {int(row[end])}
    for at in range(end - 1, max(0, end - most) - 1, -1):
        one = int(row[at])
        if one not in kept and brought[at] <= slack:
            taken[at] = False
            slack -= float(brought[at])
        else:
            kept.add(one)
