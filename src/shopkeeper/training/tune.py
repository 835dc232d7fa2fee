"""Parameters of a model, searched on the validation part; the test part is not even handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic

from shopkeeper.errors import NotEnoughData
from shopkeeper.training.ports import DataT, Exam, LearningSystem, ModelT, Parameters, Trial, TryAll, Tuner
from shopkeeper.training.split import Split
from shopkeeper.training.trying import one_by_one

STEPS = 4
"""Parts the validation questions are dealt into; after each a trial may be given up."""


@dataclass(frozen=True)
class Tuned:
    """What a search ended with.

    Attributes:
        parameters: Of the best trial; of equals the first, so the defaults win a draw.
        trials: Every trial, in order; trial 0 is the defaults with what is held.
        cases: Validation questions behind each value.
    """

    parameters: Parameters
    trials: tuple[Trial, ...]
    cases: int

    @property
    def best(self) -> Trial:
        """The trial whose parameters were chosen."""
        return best_of(self.trials)


@dataclass(frozen=True)
class Bench(Generic[DataT, ModelT]):
    """What all trials of a search share: the rows they are fitted on and the questions they are asked.

    Attributes:
        parts: The questions, dealt out.
    """

    system: LearningSystem[DataT, ModelT]
    model: str
    train: DataT
    parts: Sequence[Exam[ModelT]]
    seed: int

    @classmethod
    def of(
        cls, system: LearningSystem[DataT, ModelT], model: str, data: DataT, split: Split, seed: int
    ) -> Bench[DataT, ModelT]:
        """Prepare data and questions, once for all trials. Raises NotEnoughData when nothing can be asked."""
        train = system.take(data, split.train)
        exam = system.exam(system.take(data, split.train | split.validation), split.tuning.cutoff, seed)
        if not len(exam):
            raise NotEnoughData(
                f"No {system.nouns.subjects} {system.nouns.asked} {split.tuning.moment:%Y-%m-%d %H:%M} and before the"
                " test part, so parameters cannot be compared.",
                "Train without `--trials`, or import more history.",
            )
        return cls(system, model, train, exam.parts(STEPS), seed)

    @property
    def cases(self) -> int:
        """How many questions there are."""
        return sum(len(part) for part in self.parts)

    def judge(self, parameters: Parameters, give_up: Callable[[float], bool]) -> float:
        """Fit on the train part and return the deciding metric on the validation part; see `ports.Judge`."""
        fitted = self.system.fit(self.model, self.train, parameters, self.seed)
        total, asked = 0.0, 0
        for part in self.parts:
            total += float(part.score(fitted).metrics[self.system.metric].sum())
            asked += len(part)
            if give_up(total / asked):
                break
        return total / asked


def tune(
    system: LearningSystem[DataT, ModelT],
    model: str,
    data: DataT,
    split: Split,
    *,
    tuner: Tuner,
    trials: int,
    seconds: float | None = None,
    seed: int,
    batch: int = 1,
    earlier: Sequence[Trial] = (),
    on_trial: Callable[[Trial], None] = lambda _: None,
    held: Parameters = MappingProxyType({}),
    beside: TryAll | None = None,
) -> Tuned:
    """Search the parameters of one model.

    Each trial fits on the train part and is judged on the validation part; data and questions are prepared once.

    Args:
        data: Everything that was read; rows of the test are left out here.
        trials, seconds, batch, earlier, on_trial: See `ports.Tuner`.
        held: Parameters every trial has, which are not searched.
        beside: Tries attempts elsewhere, on the same data; None = here, one after the other.

    Raises:
        NotEnoughData: nothing can be asked about the validation part.
        UnknownModel: the system has no such model.
        ShardFailed: a trial elsewhere could not be ended.
    """
    bench = Bench.of(system, model, data, split, seed)
    space = {name: where for name, where in system.search_space(model).items() if name not in held}
    found = tuner.search(
        space, {**system.defaults(model), **held}, beside or one_by_one(bench.judge),
        trials=trials, seconds=seconds, seed=seed, batch=batch, earlier=earlier, on_trial=on_trial,
    )  # fmt: skip
    return Tuned(best_of(found).parameters, tuple(found), bench.cases)


def best_of(trials: Sequence[Trial]) -> Trial:
    """Return the trial with the largest value, of equals the first. Raises NotEnoughData when none was finished."""
    done = [(trial.value, -trial.number, trial) for trial in trials if trial.value is not None]
    if not done:
        raise NotEnoughData("No trial could be judged.", "Train without `--trials`; the log names what went wrong.")
    return max(done, key=lambda one: one[:2])[2]
