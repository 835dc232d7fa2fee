"""What is particular to learning recommendations; the rest of a training run is `training.run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.quality.ports import Warehouse
from shopkeeper.recommendations.extract import extract_interactions
from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.metrics import coverage, of_ranks
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.popular import Popular, PopularParams
from shopkeeper.recommendations.questions import time_exam
from shopkeeper.recommendations.ranking import rank_targets
from shopkeeper.recommendations.shoppers import ShopperPasts
from shopkeeper.training.ports import CaseScores, DataSummary
from shopkeeper.training.split import moment_of

Fit = Callable[[Interactions, int], RecommendationModel]

FITS: Mapping[str, Fit] = {
    ItemKnn.name: lambda data, seed: ItemKnn.fit(data, ItemKnnParams(), seed),
    Popular.name: lambda data, seed: Popular.fit(data, PopularParams(), seed),
}
"""How each model is fitted; the first is the default."""


class RecommendationLearning:
    """Implements `training.ports.LearningSystem`.

    Args:
        warehouse: Where the data lies.
    """

    name = "recommendations"
    models = tuple(FITS)
    baseline = Popular.name
    metric = "ndcg@10"

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def extract(self, until: datetime | None) -> Interactions:
        """Read what people did with products before `until`."""
        return extract_interactions(self._warehouse, until)

    def summary(self, data: Interactions) -> DataSummary:
        """Return what was read, in figures."""
        return DataSummary(
            interactions=len(data),
            shoppers=len(data.shopper_keys),
            products=len(data.index),
            stores=len(data.store_names),
            first=moment_of(int(data.times[0])) if len(data) else None,
            last=moment_of(int(data.times[-1])) if len(data) else None,
            fingerprint=data.fingerprint(),
        )

    def times(self, data: Interactions) -> npt.NDArray[np.int64]:
        """Return the time of each interaction."""
        return data.times

    def take(self, data: Interactions, keep: npt.NDArray[np.bool_]) -> Interactions:
        """Return the interactions where `keep` is true."""
        return data.take(keep)

    def fit(self, model: str, data: Interactions, seed: int) -> RecommendationModel:
        """Fit one model."""
        return FITS[model](data, seed)

    def score(
        self, models: Mapping[str, RecommendationModel], data: Interactions, cutoff: int, seed: int
    ) -> Mapping[str, CaseScores]:
        """Ask every model the same questions about what happened from `cutoff` on; see `questions.time_exam`."""
        exam = time_exam(data, cutoff, seed)
        found = {}
        for name, model in models.items():
            ranking = rank_targets(model, exam.questions)
            shown = ranking.shown[ranking.shown >= 0]
            totals = {"coverage": coverage(shown, len(data.index))}
            found[name] = CaseScores(of_ranks(ranking.ranks), totals, exam.slices)
        return found

    def parameters(self, model: RecommendationModel) -> Mapping[str, Any]:
        """Return what a model was fitted with."""
        return model.parameters

    def arrays(self, model: RecommendationModel, data: Interactions) -> Mapping[str, npt.NDArray[np.generic]]:
        """Return everything serving needs: the model, its products, and what every known shopper did."""
        return bundle_arrays(model, ShopperPasts.build(data))
