"""How much more a product is wanted in visits of one kind than in all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.visit_facts import FACTS, HOUR
from shopkeeper.recommendations.model import Arrays

_WEEK = 168 * HOUR

Visit = Mapping[str, int]
"""What is known of a visit: fact -> value, see `visit_facts.FACTS`."""
Lifts = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class VisitLifts:
    """What strangers' lists are ordered by beside what the model says.

    Attributes:
        tables: Lift of each item for each value of each fact that pays, see `lifts_of`; shape (values, items) each.
    """

    tables: Mapping[str, Lifts]

    def __bool__(self) -> bool:
        return bool(self.tables)

    def among(self, items: npt.NDArray[np.integer], visit: Visit) -> npt.NDArray[np.float64]:
        """Return the lift of some items in a visit, over all facts together; shape of `items`."""
        lifts = np.ones(items.shape)
        for fact, table in self.tables.items():
            lifts *= table[visit[fact]][items]
        return lifts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the tables as arrays of a bundle."""
        return {f"visit_lifts.{fact}": table for fact, table in self.tables.items()}

    @staticmethod
    def from_arrays(arrays: Arrays) -> VisitLifts:
        """Return the tables of a bundle; none where it was made before there were any."""
        names = {fact: f"visit_lifts.{fact}" for fact in FACTS}
        return VisitLifts({fact: np.asarray(arrays[n], np.float16) for fact, n in names.items() if n in arrays})


NO_LIFTS: Final = VisitLifts({})


def lifts_of(data: Interactions, values: npt.NDArray[np.int64], kinds: int) -> npt.NDArray[np.float64]:
    """Return the lift of each item for each value; all ones where nothing differs by more than chance.

    What was counted of an item in such visits is held against what all of the same stores and weeks foretell, as
    `(n + k) / (E + k)`: the mean of a gamma-Poisson whose prior has mean 1 and variance 1 / k. So an item that was met
    seldom keeps a lift near 1.

    Args:
        values: From 0 to `kinds - 1` for each interaction; shape (n,).

    Returns:
        Shape (kinds, items).

    Source:
        Clayton and Kaldor (1987), Empirical Bayes estimates of age-standardized relative risks; k by moments.
    """
    size, weeks = len(data.index), data.times // _WEEK
    keys = weeks * len(data.store_names) + data.stores
    strata = np.unique(keys, return_inverse=True)[1].astype(np.int64)
    shares = np.bincount(strata * kinds + values, minlength=(int(strata.max(initial=-1)) + 1) * kinds)
    shares = shares.reshape(-1, kinds) / shares.reshape(-1, kinds).sum(axis=1, keepdims=True)
    counts = np.bincount(values * size + data.items, minlength=kinds * size).reshape(kinds, size)
    expected, chance = np.empty((kinds, size)), 0.0
    for kind in range(kinds):
        share = shares[strata, kind]
        expected[kind] = np.bincount(data.items, weights=share, minlength=size)
        chance += float((share * (1.0 - share)).sum())
    more = float(np.square(counts - expected).sum()) - chance
    if more <= 0:
        return np.ones((kinds, size))
    k = float(np.square(expected).sum()) / more
    lifts: npt.NDArray[np.float64] = (counts + k) / (expected + k)
    return lifts
