"""Novelty: what everybody is shown anyway counts a little less, so that lists reach further into the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def popularity_penalty(
    demand: npt.NDArray[np.float32], items: Sequence[int], novelty: float
) -> npt.NDArray[np.float64]:
    """Return which share of its score each product loses.

        novelty * log(1 + n) / log(1 + n of the most popular)

    The best-seller loses `novelty` of its score, an unseen product nothing, and ten times the demand costs the same
    step everywhere.

    Args:
        demand: Interest in every item of the store, in views; shape (items,).
        items: Item codes.
        novelty: 0 = nothing, to 1.

    Source:
        Own form: one minus the normalised self-information of an item, the novelty of Castells, Hurley, Vargas (2015).
    """
    if novelty == 0:
        return np.zeros(len(items))
    most = np.log1p(float(demand.max(initial=0.0)))
    if most == 0:
        return np.zeros(len(items))
    penalty: npt.NDArray[np.float64] = novelty * np.log1p(demand[list(items)].astype(np.float64)) / most
    return penalty
