"""Models that read a bounded part of the past: as many entries in a request as in training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.model import ManyScored, Scored, Targets
from shopkeeper.recommendations.models.beside_popular import BesidePopular, FadingParams
from shopkeeper.recommendations.models.popular import Popular


class ReadingParams(FadingParams, Protocol):
    """Parameters of a model that reads the newest entries of a history."""

    @property
    def history(self) -> int:
        """Newest history entries read."""
        ...


class Told(Protocol):
    """What a model found out about several questions, as far as it is needed to explain the scores."""

    @property
    def scored(self) -> ManyScored:
        """The scores."""
        ...


ParamsT = TypeVar("ParamsT", bound=ReadingParams)
ToldT = TypeVar("ToldT", bound=Told)


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


class ReadingMany(Reading[ParamsT], Generic[ParamsT, ToldT]):
    """A `Reading` that is asked several questions at once; satisfies `model.ScoresMany`."""

    def __init__(self, popular: Popular, params: ParamsT) -> None:
        super().__init__(popular, params)
        self._lately: tuple[tuple[ManyAsked, ManyAsked, ToldT], ...] = ()
        """What was asked the last two times, what was read of it and what was told: who explains has just asked."""

    def score_many(self, many: ManyAsked) -> ManyScored:
        """Score what goes with each of several questions."""
        return self._asked(many)[1].scored

    def explain_many(self, targets: Targets, many: ManyAsked) -> npt.NDArray[np.float64]:
        """Return how much each entry adds to the score of each target; what is not read adds nothing."""
        read, told = self._asked(many)
        if read is many and len(targets) and read.longest:
            return self._explain_many(targets, read, told)
        parts = np.zeros((len(targets), many.longest))
        if read.longest and len(targets):
            parts[:, -read.longest :] = self._explain_many(targets, read, told)
        return parts

    def _asked(self, many: ManyAsked) -> tuple[ManyAsked, ToldT]:
        for asked, read, told in self._lately:
            if asked is many:
                return read, told
        read = many.newest(self.params.history)
        told = self._tell(read)
        self._lately = ((many, read, told), *self._lately[:1])
        return read, told

    def _score(self, asked: Asked) -> Scored:
        return self.score_many(self._alone(asked)).one(0)

    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        return self.explain_many(Targets(np.zeros(len(targets), dtype=np.int64), targets), self._alone(asked))

    def _alone(self, asked: Asked) -> ManyAsked:
        """Return one question as many, the same as before where it was just asked."""
        known = (many for many, _, _ in self._lately if many.only is asked)
        return next(known, None) or ManyAsked.of((asked,))

    @abstractmethod
    def _tell(self, read: ManyAsked) -> ToldT:
        """Score several questions, all of them read."""

    @abstractmethod
    def _explain_many(self, targets: Targets, read: ManyAsked, told: ToldT) -> npt.NDArray[np.float64]:
        """Return what each entry adds to the score of each target, in `ManyAsked.columns`; shape (t, longest)."""
