"""What the training rails need from a system to learn it, and the values that cross that border."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.registry.bundle import Bundle

DataT = TypeVar("DataT")
ModelT = TypeVar("ModelT")
_AskedT = TypeVar("_AskedT", contravariant=True)


@dataclass(frozen=True, slots=True)
class Nouns:
    """What a system calls what training counts.

    Attributes:
        rows: Rows that are learnt from, such as `interactions`.
        subjects: What they are about, such as `shoppers`; a test case is one of them.
        asked: What a subject must have done to be a test case, as in `30 shoppers met a new product`.
        remedy: What to send where there is too little.
    """

    rows: str
    subjects: str
    asked: str
    remedy: str


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What was read, in figures; `interactions` counts rows and `shoppers` subjects, whatever the system calls them.

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
    """How one model did on each test case; a case is one subject, such as a shopper, so cases are independent.

    Attributes:
        metrics: Name -> value for each case, shape (n,); what counts is the mean.
        totals: Figures of the model as a whole, such as coverage.
        slices: Name -> which cases belong to it, shape (n,).
        confidence: What the model itself says of each answer, larger is surer, in its own unit; shape (n,).
        success: Whether the answer was right, shape (n,).
    """

    metrics: Mapping[str, npt.NDArray[np.float64]]
    totals: Mapping[str, float]
    slices: Mapping[str, npt.NDArray[np.bool_]]
    confidence: npt.NDArray[np.float64]
    success: npt.NDArray[np.bool_]


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
        steps: Intermediate values, in the order they came; pruning later trials needs them.
        error: Why it could not be computed; empty = it could.
    """

    number: int
    parameters: Parameters
    value: float | None
    seconds: float
    state: Literal["done", "pruned", "failed"]
    steps: tuple[float, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A trial before it is tried, with all there is to know for trying it anywhere.

    Attributes:
        bars: It is given up when its n-th intermediate value lies below the n-th bar; later values have none.
    """

    number: int
    parameters: Parameters
    bars: tuple[float, ...] = ()


Judge = Callable[[Parameters, Callable[[float], bool]], float]
"""Returns the value of parameters; its second argument takes one intermediate value after the other and returns True
when the trial should be given up; what is returned then does not count."""

TryAll = Callable[[Sequence[Attempt]], Generator[Trial, None, None]]
"""Makes attempts into trials and hands them over in order of number; closing it stops what is under way."""


class Tuner(Protocol):
    """Searches parameters.

    Laws: the same seed, space and values give the same trials in the same order; trial 0 is the defaults, so tuning
    never ends below them on the validation part; trials are drawn in batches, and trial n depends on the seed, on n and
    on the trials of the batches before its own alone, so it is the same however a batch is tried, and a search that was
    broken off, even within a batch, and is told its trials goes on bit for bit as if it had not been; trials that
    cannot be computed count as failed and the search goes on, but for trial 0, whose error is the caller's.
    """

    def search(
        self,
        space: Mapping[str, SearchRange],
        defaults: Parameters,
        try_all: TryAll,
        *,
        trials: int,
        seconds: float | None,
        seed: int,
        batch: int = 1,
        earlier: Sequence[Trial] = (),
        on_trial: Callable[[Trial], None] = lambda _: None,
    ) -> Sequence[Trial]:
        """Try parameters until the budget of trials or seconds is spent, and return every trial, the earlier first.

        Args:
            space: Where to look for each parameter; those that are not in it keep their default.
            try_all: Given the attempts of a batch, returns their trials.
            trials: Most trials, the earlier ones and trial 0 included.
            seconds: No batch begins after so many, those of earlier trials included; a batch takes as long as its
                longest trial. None = no limit. The first batch always runs.
            batch: Attempts at a time.
            earlier: Trials of the same search that were done before, from number 0 on.
            on_trial: Told each new trial when it ends.
        """
        ...


class Exam(Protocol[_AskedT]):
    """Questions about what happened in a stretch of time, the same for every model.

    Laws: a model is shown nothing that happened at or after the moment it has to guess; the same data, cutoff and seed
    ask the same questions in the same order; asking changes nothing.
    """

    def __len__(self) -> int: ...

    def score(self, model: _AskedT) -> CaseScores:
        """Judge a model that was fitted on what came before the cutoff, of these data or of older ones."""
        ...

    def parts(self, count: int) -> Sequence[Exam[_AskedT]]:
        """Return at most `count` exams that share out the questions evenly; none is empty."""
        ...

    def importance(self, model: _AskedT) -> Mapping[str, float]:
        """Return each signal's share of what is lost without it; the shares add up to 1, or are all 0."""
        ...


class LearningSystem(Protocol[DataT, ModelT]):
    """One of the systems, as training sees it.

    Laws: `fit` draws chance only from `seed`, so the same data, parameters and seed give the same arrays; nothing that
    happened outside the rows given to `fit` changes what it returns; `fit` with `parameters(model)` repeats the model;
    what `read` returns fits and judges like what `write` was given, bit for bit; the model that `open` returns scores
    like the one whose arrays the bundle holds; every default lies inside its search range.
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
        """The metric that decides; larger is better."""
        ...

    @property
    def nouns(self) -> Nouns:
        """What its rows and cases are called."""
        ...

    def extract(self, until: datetime | None, known: datetime | None = None) -> DataT:
        """Read everything that happened before `until` and had come in at the moment `known` (None = everything)."""
        ...

    def write(self, data: DataT, folder: Path) -> None:
        """Keep what was read as plain files in an empty folder; the same data give the same bytes."""
        ...

    def read(self, folder: Path) -> DataT:
        """Return what `write` kept, mapped into memory where it is large. Raises BundleDamaged."""
        ...

    def summary(self, data: DataT) -> DataSummary:
        """Return what was read, in figures."""
        ...

    def parts(self, data: DataT) -> Mapping[str, str]:
        """Return the parts of the data by name, such as a store's day, each with a hash of what is in it.

        The hash of a part does not depend on what else there is, so data that differ can be named.
        """
        ...

    def times(self, data: DataT) -> npt.NDArray[np.int64]:
        """Return the time of every row, microseconds since 1970 UTC; shape (n,)."""
        ...

    def take(self, data: DataT, keep: npt.NDArray[np.bool_]) -> DataT:
        """Return the rows where `keep` is true."""
        ...

    def defaults(self, model: str) -> Parameters:
        """Return the parameters of one of `models` that nobody has tuned. Raises UnknownModel."""
        ...

    def search_space(self, model: str) -> Mapping[str, SearchRange]:
        """Return where tuning looks for each parameter of one of `models`. Raises UnknownModel."""
        ...

    def fit(self, model: str, data: DataT, parameters: Parameters, seed: int) -> ModelT:
        """Fit one of `models`; parameters that are not given keep their default. Raises UnknownModel, InputError."""
        ...

    def exam(self, data: DataT, cutoff: int, seed: int) -> Exam[ModelT]:
        """Return questions about what happened in `data` from `cutoff` (microseconds) on."""
        ...

    def offline(self) -> Callable[[], LearningSystem[DataT, ModelT]]:
        """Return a function at the top level of a module that makes the system anew, for other processes.

        What it makes has no sources, so it extracts nothing; it reads what was written, fits and judges alike.
        """
        ...

    def parameters(self, model: ModelT) -> Parameters:
        """Return what a model was fitted with."""
        ...

    def arrays(self, model: ModelT, data: DataT) -> Mapping[str, npt.NDArray[np.generic]]:
        """Return everything serving needs, as plain arrays."""
        ...

    def answerer(self, bundle: Bundle, data: DataT, seed: int) -> Callable[[int], object]:
        """Return what answers the n-th of many real shoppers by a bundle as serving does, in process, for timing it."""
        ...

    def open(self, bundle: Bundle) -> ModelT:
        """Return the model that a bundle serves. Raises UnknownModel."""
        ...
