"""Learning from the planted shop, without a warehouse."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.learn import RecommendationLearning
from shopkeeper.testing.planted import planted_interactions


class _NoWarehouse:
    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        raise AssertionError(f"{query.name} is asked for, though the planted shop needs no warehouse")


class PlantedLearning(RecommendationLearning):
    """Learns recommendations from the planted shop, or from the interactions it is given."""

    def __init__(self, data: Interactions | None = None) -> None:
        super().__init__(_NoWarehouse())
        self.data = planted_interactions() if data is None else data

    def extract(self, until: datetime | None) -> Interactions:  # noqa: ARG002 - the planted shop is read whole
        """Return the planted interactions."""
        return self.data
