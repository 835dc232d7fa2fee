"""Demand by equations: the log of a pair's demand is its own part plus a pull of its category's prices.

    log units = log(volume * level) + own(price, rivals, promotion)
                + pull * (sum over its category of w * log(p / anchor))

Mechanisms a and c say what `own` and the weights `w` are. Units are negative binomial: Poisson with a gamma luck.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from shopkeeper.simulation.prices.catalogue import Catalogue
from shopkeeper.simulation.prices.demand import Moment, Response, poisson
from shopkeeper.simulation.prices.ports import Floats, Integers


class LogLinear(ABC):
    """Demand with an own part and a pull of the category.

    Args:
        pull: How strongly the index of each category in each store works on its pairs, shape (groups,).
        weight: Of each pair in the index of its category, shape (pairs,).
        luck: Deviation of a pair's luck in a week, a share of its mean.
    """

    def __init__(self, catalogue: Catalogue, pull: Floats, weight: Floats, luck: float) -> None:
        self.catalogue = catalogue
        self._pull = pull
        self._weight = weight
        self._luck = luck

    @abstractmethod
    def own(self, moment: Moment, paid: Floats) -> Floats:
        """Return the own part of log demand; `paid` has shape (pairs,) or (pairs, candidates)."""

    def mean(self, moment: Moment, paid: Floats) -> Floats:
        """Return the mean units of each pair."""
        index = self._index(paid)
        base = self.catalogue.volume * moment.level
        return np.asarray(base * np.exp(self.own(moment, paid) + (self._pull * index)[self.catalogue.group]))

    def response(self, moment: Moment, paid: Floats, candidates: Floats) -> Response:
        """Return what happens as one paid price at a time moves; exact in the pair, and in the sum of the others."""
        units = self.mean(moment, paid)
        moved = self._weight[:, None] * np.log(candidates / paid[:, None])
        factor = np.exp(self._pull[self.catalogue.group, None] * moved)
        base = self.catalogue.volume * moment.level * np.exp((self._pull * self._index(paid))[self.catalogue.group])
        own = base[:, None] * np.exp(self.own(moment, candidates)) * factor
        others = [self._others(units * each) for each in (paid, moment.cost)]
        return Response(own, others[0][:, None] * (factor - 1), others[1][:, None] * (factor - 1))

    def happen(
        self, moment: Moment, paid: Floats, on_hand: Integers, rng: np.random.Generator
    ) -> tuple[Integers, Integers]:
        """Live through the week."""
        shape = self._luck**-2
        luck = rng.gamma(shape, 1 / shape, len(paid))
        asked = poisson(self.mean(moment, paid) * luck, rng.random(len(paid)))
        return asked, np.minimum(asked, on_hand)

    def copy(self) -> Self:
        """Return the same: nothing here remembers."""
        return copy.copy(self)

    def _index(self, paid: Floats) -> Floats:
        moved = self._weight * np.log(paid / self.catalogue.shelf.anchor)
        return np.asarray(np.bincount(self.catalogue.group, moved, self.catalogue.groups), dtype=np.float64)

    def _others(self, worth: Floats) -> Floats:
        """Return what the rest of the category is worth to each pair."""
        return np.asarray(np.bincount(self.catalogue.group, worth)[self.catalogue.group] - worth)
