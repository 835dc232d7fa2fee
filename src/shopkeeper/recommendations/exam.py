"""The exam of the time split as training asks it: every model the same questions, figures for each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.items import ItemIndex
from shopkeeper.recommendations.metrics import coverage, of_ranks
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.questions import Exam, time_exam
from shopkeeper.recommendations.ranking import Ranker, rank_targets
from shopkeeper.recommendations.translated import Translated
from shopkeeper.training.ports import CaseScores


class RecommendationExam:
    """Implements `training.ports.Exam`.

    Args:
        exam: Questions and the groups they belong to.
        index: Products of the questions.
        store_names: Stores of the questions, by code.
    """

    def __init__(self, exam: Exam, index: ItemIndex, store_names: tuple[str, ...]) -> None:
        self._exam = exam
        self._index = index
        self._store_names = store_names

    @classmethod
    def of(cls, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        """Return the exam about what happened from `cutoff` on; see `questions.time_exam`."""
        return cls(time_exam(data, cutoff, seed), data.index, data.store_names)

    def __len__(self) -> int:
        return len(self._exam.questions)

    def score(self, model: RecommendationModel) -> CaseScores:
        """Rank every right product among all products of its group, also for a model of other data."""
        ranking = rank_targets(self._asked(model), self._exam.questions)
        shown = ranking.shown[ranking.shown >= 0]
        totals = {"coverage": coverage(shown, len(self._index))}
        return CaseScores(of_ranks(ranking.ranks), totals, self._exam.slices)

    def parts(self, count: int) -> Sequence[RecommendationExam]:
        """Deal the questions out in turn."""
        rows = np.arange(len(self))
        dealt = (self._exam.take(rows[first::count]) for first in range(min(count, len(self))))
        return [RecommendationExam(part, self._index, self._store_names) for part in dealt]

    def _asked(self, model: RecommendationModel) -> Ranker:
        own = model.index is self._index and model.stores == self._store_names
        return model if own else Translated(model, self._index, self._store_names)
