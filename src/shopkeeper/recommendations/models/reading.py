"""Models that read a bounded part of the past: as many entries in a request as in training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.model import Scored
from shopkeeper.recommendations.models.beside_popular import BesidePopular, FadingParams


class ReadingParams(FadingParams, Protocol):
    """Parameters of a model that reads the newest entries of a history."""

    @property
    def history(self) -> int:
        """Newest history entries read."""
        ...


ParamsT = TypeVar("ParamsT", bound=ReadingParams)


class Reading(BesidePopular[ParamsT], ABC):
    """The part of `model.RecommendationModel` that cuts what is asked to what the model reads; the page stays whole."""

    def score(self, asked: Asked) -> Scored:
        """Score what goes with the page and the newest of the past."""
        return self._score(asked.newest(self.params.history))

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return how much each entry adds to the score of each target; what is not read adds nothing."""
        parts = np.zeros((len(targets), len(asked)))
        read = asked.newest(self.params.history)
        if len(read):
            parts[:, -len(read) :] = self._explain(targets, read)
        return parts

    @abstractmethod
    def _score(self, asked: Asked) -> Scored:
        """Score what goes with what is asked, all of it read."""

    @abstractmethod
    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return what each entry of what is asked adds, all of it read."""
