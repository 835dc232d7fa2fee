"""What the training rails need from a system to learn it, and the values that cross that border."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

DataT = TypeVar("DataT")
ModelT = TypeVar("ModelT")


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What was read, in figures.

    Attributes:
        first: Time of the oldest row, UTC; None when there is none.
        last: Time of the newest row, UTC; None when there is none.
        fingerprint: Hash of everything read; equal data, equal fingerprint.
    """

    interactions: int
    shoppers: int
    products: int
    stores: int
    first: datetime | None
    last: datetime | None
    fingerprint: str


@dataclass(frozen=True)
class CaseScores:
    """How one model did on each test case; a case is one shopper, so cases are independent of each other.

    Attributes:
        metrics: Name -> value for each case, shape (n,); what counts is the mean.
        totals: Figures of the model as a whole, such as coverage.
        slices: Name -> which cases belong to it, shape (n,).
    """

    metrics: Mapping[str, npt.NDArray[np.float64]]
    totals: Mapping[str, float]
    slices: Mapping[str, npt.NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class SearchRange:
    """Where tuning looks for one parameter; a model declares its own.

    Attributes:
        low, high: Bounds of a number, both included; unused where there are choices.
        log: Draw evenly on the logarithmic scale.
        integer: Whole numbers only.
        choices: The values there are, instead of bounds.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    integer: bool = False
    choices: tuple[str | float | int | bool | None, ...] = ()


Parameters = Mapping[str, Any]
"""Parameters of a model by name, plain JSON values."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters that was tried.

    Attributes:
        number: Place in the order of trials, from 0.
        value: The deciding metric on the validation part, larger is better; None = pruned or failed.
        seconds: How long it took.
        state: `done`, `pruned` or `failed`.
    """

    number: int
    parameters: Parameters
    value: float | None
    seconds: float
    state: str


class Tuner(Protocol):
    """Searches parameters.

    Laws: the same seed, space and values give the same trials in the same order; trial 0 is the defaults, so tuning
    never ends below them on the validation part; earlier trials are told before new ones are drawn, so a search that
    was broken off goes on as if it had not been.
    """

    def search(
        self,
        space: Mapping[str, SearchRange],
        defaults: Parameters,
        judge: Callable[[Parameters, Callable[[int, float], bool]], float],
        *,
        trials: int,
        seconds: float | None,
        seed: int,
        earlier: Sequence[Trial] = (),
        on_trial: Callable[[Trial], None] = lambda _: None,
    ) -> Sequence[Trial]:
        """Try parameters until the budget of trials or seconds is spent, and return every trial.

        Args:
            judge: Returns the value of parameters; its second argument takes intermediate values (step, value) and
                returns True when the trial should be given up.
            earlier: Trials of the same search that were done before.
            on_trial: Told each trial when it ends.
        """
        ...


class LearningSystem(Protocol[DataT, ModelT]):
    """One of the systems, as training sees it.

    Laws: nothing is written; `fit` and `score` draw chance only from `seed`, so the same data and seed give the same
    arrays and figures; `score` asks every model the same cases in the same order and shows none of them anything that
    happened at or after the moment it has to guess.
    """

    @property
    def name(self) -> str:
        """Such as `recommendations`."""
        ...

    @property
    def models(self) -> tuple[str, ...]:
        """Models it can fit; the first is the default."""
        ...

    @property
    def baseline(self) -> str:
        """The model every other one must beat."""
        ...

    @property
    def metric(self) -> str:
        """The metric that decides."""
        ...

    def extract(self, until: datetime | None) -> DataT:
        """Read everything before `until` (None = everything)."""
        ...

    def summary(self, data: DataT) -> DataSummary:
        """Return what was read, in figures."""
        ...

    def times(self, data: DataT) -> npt.NDArray[np.int64]:
        """Return the time of every row, microseconds since 1970 UTC; shape (n,)."""
        ...

    def take(self, data: DataT, keep: npt.NDArray[np.bool_]) -> DataT:
        """Return the rows where `keep` is true."""
        ...

    def fit(self, model: str, data: DataT, seed: int) -> ModelT:
        """Fit one of `models`."""
        ...

    def score(self, models: Mapping[str, ModelT], data: DataT, cutoff: int, seed: int) -> Mapping[str, CaseScores]:
        """Judge models fitted before `cutoff` (microseconds) on what happened from then on."""
        ...

    def parameters(self, model: ModelT) -> Mapping[str, Any]:
        """Return what a model was fitted with."""
        ...

    def arrays(self, model: ModelT, data: DataT) -> Mapping[str, npt.NDArray[np.generic]]:
        """Return everything serving needs, as plain arrays."""
        ...
