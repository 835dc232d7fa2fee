"""Parameters are chosen on the validation part, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.errors import NotEnoughData
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.evaluation.exam import RecommendationExam
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.ports import Attempt, Parameters, SearchRange, Trial, TryAll
from shopkeeper.training.split import Split, three_way_split
from shopkeeper.training.tune import best_of, tune


class Watched(PlantedLearning):
    """Keeps the newest time of everything that is handed over."""

    def __init__(self) -> None:
        super().__init__()
        self.taught: list[int] = []
        self.asked: list[int] = []

    def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
        self.taught.append(int(data.times.max()))
        return super().fit(model, data, parameters, seed)

    def exam(self, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        self.asked.append(int(data.times.max()))
        return super().exam(data, cutoff, seed)


class FromTheBottom:
    """Tries one bad set of parameters after the defaults."""

    def search(
        self,
        space: Mapping[str, SearchRange],
        defaults: Parameters,
        try_all: TryAll,
        *,
        trials: int,  # noqa: ARG002
        seconds: float | None,  # noqa: ARG002
        seed: int,  # noqa: ARG002
        batch: int = 1,  # noqa: ARG002
        earlier: Sequence[Trial] = (),  # noqa: ARG002
        on_trial: Callable[[Trial], None] = lambda _: None,  # noqa: ARG002
    ) -> Sequence[Trial]:
        bad = {**defaults, **{name: where.low for name, where in space.items()}}
        return list(try_all([Attempt(0, defaults), Attempt(1, bad)]))


@pytest.fixture(scope="module")
def data() -> Interactions:
    return planted_interactions()


@pytest.fixture(scope="module")
def split(data: Interactions) -> Split:
    return three_way_split(data.times, 0.2, 0.2)


def test_nothing_of_the_test_is_handed_over(data: Interactions, split: Split) -> None:
    system = Watched()
    tune(system, "item-knn", data, split, tuner=OptunaTuner(), trials=4, seed=1)
    assert len(system.taught) == 4
    assert max(system.taught) < split.tuning.cutoff
    assert len(system.asked) == 1
    assert max(system.asked) < split.final.cutoff


def test_what_is_held_is_in_every_trial_and_is_not_searched(data: Interactions, split: Split) -> None:
    found = tune(Watched(), "item-knn", data, split, tuner=FromTheBottom(), trials=2, seed=1, held={"window": 5})
    assert [trial.parameters["window"] for trial in found.trials] == [5, 5]
    assert found.trials[1].parameters["shrink"] != found.trials[0].parameters["shrink"]


def test_the_best_trial_is_chosen_and_the_defaults_win_where_nothing_is_better(
    data: Interactions, split: Split
) -> None:
    found = tune(Watched(), "popular", data, split, tuner=FromTheBottom(), trials=2, seed=1)
    assert found.parameters == Watched().defaults("popular")
    assert found.best.number == 0
    assert (found.trials[0].value or 0) > (found.trials[1].value or 0)


def test_the_value_is_the_mean_over_all_validation_questions(data: Interactions, split: Split) -> None:
    system = Watched()
    found = tune(system, "popular", data, split, tuner=OptunaTuner(), trials=1, seed=1)
    exam = system.exam(data.take(split.train | split.validation), split.tuning.cutoff, 1)
    alone = exam.score(system.fit("popular", data.take(split.train), {}, 1)).metrics["ndcg@10"]
    assert found.cases == len(exam)
    assert found.trials[0].value == pytest.approx(alone.mean(), rel=1e-12)
    assert len(found.trials[0].steps) == 4


def test_a_search_goes_on_where_it_was_broken_off(data: Interactions, split: Split) -> None:
    whole = tune(Watched(), "popular", data, split, tuner=OptunaTuner(), trials=12, seed=3)
    rest = tune(Watched(), "popular", data, split, tuner=OptunaTuner(), trials=12, seed=3, earlier=whole.trials[:5])
    forget = [replace(trial, seconds=0.0) for trial in whole.trials]
    assert [replace(trial, seconds=0.0) for trial in rest.trials] == forget
    assert rest.parameters == whole.parameters


def test_without_questions_parameters_cannot_be_compared(data: Interactions, split: Split) -> None:
    known = data.take(data.shoppers < 0)
    with pytest.raises(NotEnoughData, match="parameters cannot be compared"):
        tune(Watched(), "popular", known, three_way_split(known.times, 0.2, 0.2), tuner=OptunaTuner(), trials=2, seed=1)


def test_of_equal_trials_the_first_is_best_and_without_any_it_is_said() -> None:
    trials = [Trial(n, {}, value, 1.0, "done") for n, value in enumerate([0.1, 0.3, 0.3])]
    assert best_of(trials).number == 1
    with pytest.raises(NotEnoughData, match="No trial"):
        best_of([Trial(0, {}, None, 1.0, "failed")])
