"""Diversity by a determinantal point process: a list is worth the volume its products span, not its nearest pair."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

OWN: Final = 0.1
"""Share of a product that is like nothing else; without it two products of one category span no volume at all."""
_LEAST: Final = 1e-9


class Volume:
    """What each product adds to `log det S` of those chosen: greedy MAP inference, O(chosen) a product and step.

    `S = (1 - OWN) * likeness + OWN * identity`. With relevance r in [0, 1] and the weight d of diversity, a list R of
    `rerank.greedy` is the greedy maximum of

        (1 - d) * sum(r over R) + d * log det S_R

    which is the log probability of R under a DPP with the kernel `q S q`, `q = exp((1 - d) / (2 d) * r)`, times d. The
    gain of a product is `log d_i^2`, with `d_i^2` what is left of `S_ii` after the chosen ones; each choice j takes off
    `e_i^2`, `e_i = (S_ji - <c_j, c_i>) / d_j`, and appends e_i to c_i.

    Args:
        alike: Positive semi-definite likeness from 0 to 1, such as Jaccard's; shape (n, n).

    Source:
        Chen, Zhang, Zhou (2018), Fast Greedy MAP Inference for Determinantal Point Process, algorithm 1.
    """

    def __init__(self, alike: Array) -> None:
        self._kernel = (1.0 - OWN) * alike
        np.fill_diagonal(self._kernel, 1.0)
        self._left = np.ones(len(alike))
        self._columns = np.empty((0, len(alike)))

    def gains(self) -> Array:
        """Return the log of what each product still adds to the volume; shape (n,)."""
        gains: Array = np.log(np.maximum(self._left, _LEAST))
        return gains

    def choose(self, place: int) -> None:
        """Take off what the product at `place` has in common with the others."""
        root = float(np.sqrt(max(self._left[place], _LEAST)))
        column = (self._kernel[place] - self._columns[:, place] @ self._columns) / root
        self._columns = np.vstack([self._columns, column])
        self._left = self._left - column**2
