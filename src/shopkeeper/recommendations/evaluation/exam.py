"""The exam of the time split as training asks it: every model the same questions, figures for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import NOBODY, Interactions
from shopkeeper.recommendations.evaluation.importance import importances
from shopkeeper.recommendations.evaluation.metrics import (
    coverage,
    gini,
    list_diversity,
    mean_popularity,
    novelty,
    of_ranks,
)
from shopkeeper.recommendations.evaluation.questions import Exam, time_exam
from shopkeeper.recommendations.evaluation.ranking import Ranker, rank_targets
from shopkeeper.recommendations.evaluation.translated import Translated
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.training.ports import CaseScores

_LIST = 10
_ASKED_FOR_IMPORTANCE = 1_000


class RecommendationExam:
    """Implements `training.ports.Exam`.

    Args:
        exam: Questions and the groups they belong to.
        data: What the questions were made of.
        past: Interactions of each item code before the cutoff.
        known: Shoppers who met each item code before the cutoff, and how many shoppers there were.
    """

    def __init__(
        self, exam: Exam, data: Interactions, past: npt.NDArray[np.int64], known: tuple[npt.NDArray[np.int64], int]
    ) -> None:
        self._exam = exam
        self._data = data
        self._past = past
        self._known = known

    @classmethod
    def of(cls, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        """Return the exam about what happened from `cutoff` on; see `questions.time_exam`."""
        before = data.times < cutoff
        past = np.bincount(data.items[before], minlength=len(data.index))
        return cls(time_exam(data, cutoff, seed), data, past, _met(data, before))

    def __len__(self) -> int:
        return len(self._exam.questions)

    def score(self, model: RecommendationModel) -> CaseScores:
        """Rank every right product among all products of its group, also for a model of other data."""
        ranking = rank_targets(self._asked(model), self._exam.questions)
        shown = ranking.shown[ranking.shown >= 0]
        totals = {
            "coverage": coverage(shown, len(self._past)),
            "gini": gini(shown, len(self._past)),
            "mean popularity": mean_popularity(shown, self._past),
            "novelty": novelty(shown, *self._known),
            "list diversity": self._diversity(ranking.shown),
        }
        return CaseScores(of_ranks(ranking.ranks), totals, self._exam.slices, ranking.best, ranking.ranks <= _LIST)

    def parts(self, count: int) -> Sequence[RecommendationExam]:
        """Deal the questions out in turn."""
        rows = np.arange(len(self))
        dealt = (self._exam.take(rows[first::count]) for first in range(min(count, len(self))))
        return [RecommendationExam(part, self._data, self._past, self._known) for part in dealt]

    def importance(self, model: RecommendationModel) -> Mapping[str, float]:
        """Return what the model lives on, by at most 1,000 of the questions; see `importance.importances`."""
        rows = np.arange(min(len(self), _ASKED_FOR_IMPORTANCE))
        return importances(self._asked(model), self._exam.questions.take(rows))

    def _diversity(self, shown: npt.NDArray[np.int64]) -> float:
        """Return the mean share of pairs in a list that lie in different main categories."""
        found: dict[str, int] = {}
        mains = [found.setdefault(paths[0] if paths else "", len(found)) for paths in self._data.categories]
        kinds = np.append(np.array(mains, dtype=np.int64), -1)[shown]
        return float(list_diversity(kinds[:, :, None]).mean()) if len(shown) else 0.0

    def _asked(self, model: RecommendationModel) -> Ranker:
        own = model.index is self._data.index and model.stores == self._data.store_names
        return model if own else Translated(model, self._data.index, self._data.store_names)


def _met(data: Interactions, before: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], int]:
    """Return how many shoppers met each item, and how many there were; interactions of nobody known are left out."""
    told = before & (data.shoppers != NOBODY)
    shoppers, items = data.shoppers[told].astype(np.int64), data.items[told].astype(np.int64)
    pairs = np.unique(shoppers * len(data.index) + items)
    return np.bincount(pairs % len(data.index), minlength=len(data.index)), len(np.unique(shoppers))
