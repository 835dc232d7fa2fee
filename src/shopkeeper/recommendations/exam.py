"""The exam of the time split as training asks it: every model the same questions, figures for each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.metrics import coverage, of_ranks
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.questions import Exam, time_exam
from shopkeeper.recommendations.ranking import rank_targets
from shopkeeper.training.ports import CaseScores


class RecommendationExam:
    """Implements `training.ports.Exam`.

    Args:
        exam: Questions and the groups they belong to.
    """

    def __init__(self, exam: Exam) -> None:
        self._exam = exam

    @classmethod
    def of(cls, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        """Return the exam about what happened from `cutoff` on; see `questions.time_exam`."""
        return cls(time_exam(data, cutoff, seed))

    def __len__(self) -> int:
        return len(self._exam.questions)

    def score(self, model: RecommendationModel) -> CaseScores:
        """Rank every right product among all products of its group."""
        ranking = rank_targets(model, self._exam.questions)
        shown = ranking.shown[ranking.shown >= 0]
        return CaseScores(of_ranks(ranking.ranks), {"coverage": coverage(shown, len(model.index))}, self._exam.slices)

    def parts(self, count: int) -> Sequence[RecommendationExam]:
        """Deal the questions out in turn."""
        rows = np.arange(len(self))
        return [RecommendationExam(self._exam.take(rows[first::count])) for first in range(min(count, len(self)))]
