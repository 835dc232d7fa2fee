"""Learning from the planted shop, without a warehouse."""

from __future__ import annotations

from datetime import datetime

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.learn import NoWarehouse, RecommendationLearning
from shopkeeper.testing.planted import planted_interactions


class PlantedLearning(RecommendationLearning):
    """Learns recommendations from the planted shop, or from the interactions it is given."""

    def __init__(self, data: Interactions | None = None) -> None:
        super().__init__(NoWarehouse())
        self.data = planted_interactions() if data is None else data

    def extract(
        self,
        until: datetime | None,  # noqa: ARG002 - the planted shop is read whole
        known: datetime | None = None,  # noqa: ARG002
    ) -> Interactions:
        """Return the planted interactions."""
        return self.data
