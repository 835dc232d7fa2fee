"""A model of rewards that needs nothing but the log: the mean of each answer, shrunk to the mean of all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]


def foretold(
    rewards: Array, actions: Whole, target: Array, *, strength: float = 100.0, folds: int = 5, seed: int = 0
) -> tuple[Array, Array]:
    """Return the reward foretold for the answer given and for the other policy, each row by a table of other rows.

    An action's mean is shrunk to the mean of all: `(sum + strength * mean) / (n + strength)`. Rows are foretold from
    the folds they are not in, so that DR keeps its promise of being unbiased with right propensities.

    Args:
        actions: Which answer was given, as whole numbers from 0; shape (n,).
        target: Chance of each action under the other policy, shape (n, actions) or (actions,) where it is always the
            same.

    Source:
        Chernozhukov et al. (2018), Double/Debiased Machine Learning, for folds.
    """
    fold = np.random.default_rng(seed).permutation(len(rewards)) % folds
    count = target.shape[-1]
    of_answer, of_target = np.empty_like(rewards), np.empty_like(rewards)
    for part in range(folds):
        learnt, held = fold != part, fold == part
        mean = rewards[learnt].mean() if learnt.any() else 0.0
        sums = np.bincount(actions[learnt], weights=rewards[learnt], minlength=count)
        table = (sums + strength * mean) / (np.bincount(actions[learnt], minlength=count) + strength)
        of_answer[held] = table[actions[held]]
        of_target[held] = (target if target.ndim == 1 else target[held]) @ table
    return of_answer, of_target
