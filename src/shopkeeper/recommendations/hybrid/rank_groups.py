"""Which groups of features the ranker reads: those that help on the newest lists by more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_features import group_of, readable
from shopkeeper.recommendations.hybrid.rank_lists import RankLists
from shopkeeper.recommendations.hybrid.ranker import Trial, try_ranker

OPTIONAL = ("content", "sentences", "demographics")
"""Groups that must pay to stay, in the order they are tried; what behaviour says is always read."""

ALIKE = "alike"
"""What content alone brings into question; it goes where that does harm beside what content says of all else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a group brought on lists that had taught nothing.

    Attributes:
        gain: Mean NDCG@10 of a list with the group less that without it.
        error: Standard error of it.
    """

    group: str
    gain: float
    error: float

    @staticmethod
    def of(group: str, gains: npt.NDArray[np.float64]) -> Verdict:
        """Return what is said by the gain of each list."""
        return Verdict(group, float(gains.mean()), float(gains.std() / np.sqrt(len(gains))))

    @property
    def stays(self) -> bool:
        """Whether the gain is above its standard error; what finds new products goes only where it loses as much."""
        return self.gain > (-self.error if self.group == ALIKE else self.error)


@dataclass(frozen=True, slots=True)
class Told:
    """What a ranker is learnt from.

    Attributes:
        lists: A row marked `alone` is out of the question.
        columns: Names of the columns of the lists.
        left_out: Groups that are not read, and `ALIKE` where what content alone names is out of the question.
    """

    lists: RankLists
    columns: tuple[str, ...]
    left_out: tuple[str, ...]

    @staticmethod
    def of(lists: RankLists, columns: Sequence[str], left_out: tuple[str, ...]) -> Told:
        """Return lists as they are told where some groups are left out."""
        places = readable(columns, left_out)
        marks = lists.alone if {"content", ALIKE} & {*left_out} else np.zeros(len(lists.alone), dtype=np.bool_)
        rows = lists.rows[:, places] if left_out else lists.rows
        return Told(replace(lists, rows=rows, alone=marks), tuple(columns[place] for place in places), left_out)

    def trial(self, params: HybridParams, seed: int) -> Trial | None:
        """Return how a ranker does with it; None where there are too few lists to say."""
        return try_ranker(self.lists, self.columns, params, seed)


def choose_groups(
    lists: RankLists, columns: Sequence[str], params: HybridParams, seed: int
) -> tuple[Told, Trial | None, tuple[Verdict, ...]]:
    """Return what the ranker is told, how it does with that, and what was found of each group.

    Each group is tried beside those that stayed: a ranker with it and one without it are learnt from the older cuts,
    and both order the lists of the newest. What content alone brings into question is not among what is ordered without
    content, and is right all the same where it was taken. It goes itself where it loses beside the features of content:
    seldom right where shoppers have a past, it teaches little but to put it last. Where there are too few lists to say,
    all groups stay.
    """
    there = tuple(group for group in OPTIONAL if any(group_of(name) == group for name in columns))
    whole = Told.of(lists, columns, ())
    if not params.choose:
        return whole, whole.trial(params, seed), ()
    best = Told.of(lists, columns, there)
    trial = best.trial(params, seed)
    verdicts = list[Verdict]()
    for group in there:
        told = Told.of(lists, columns, tuple(one for one in best.left_out if one != group))
        other = told.trial(params, seed)
        if trial is None or other is None:
            return whole, None, ()
        named = tuple[Verdict, ...]()
        if group == "content" and lists.alone.any():
            quiet = Told.of(lists, columns, (*told.left_out, ALIKE))
            unnamed = quiet.trial(params, seed)
            if unnamed is None:
                return whole, None, ()
            named = (Verdict.of(ALIKE, other.figures - unnamed.figures),)
            if not named[0].stays:
                told, other = quiet, unnamed
        verdicts.append(Verdict.of(group, other.figures - trial.figures))
        if verdicts[-1].stays:
            best, trial = told, other
            verdicts.extend(named)
    return best, trial, tuple(verdicts)
