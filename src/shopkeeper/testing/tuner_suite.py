"""What every tuner must do: subclass, and give a `tuner` method.

class TestOptunaTuner(TunerSuite):
    def tuner(self) -> Tuner:
        return OptunaTuner()
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, replace
from itertools import count

import pytest

from shopkeeper.training.ports import Attempt, Parameters, SearchRange, Trial, TryAll, Tuner
from shopkeeper.training.trying import one_by_one

SPACE = {
    "speed": SearchRange(0.0, 10.0),
    "weight": SearchRange(1e-3, 1e3, log=True),
    "layers": SearchRange(1, 12, integer=True),
    "kind": SearchRange(choices=("round", "flat", None)),
}
DEFAULTS: Parameters = {"speed": 1.0, "weight": 100.0, "layers": 2, "kind": "flat", "colour": "green"}
STEPS = 4


def worth(parameters: Parameters) -> float:
    """Return a smooth value with its top at speed 7, weight 1, 8 layers, round."""
    kind = {"round": 0.0, "flat": -0.5, None: -1.0}[parameters["kind"]]
    distance = abs(parameters["speed"] - 7.0) / 10 + abs(parameters["layers"] - 8) / 12
    return float(kind - distance - abs(len(f"{parameters['weight']:.0f}") - 1) / 5)


def steady(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
    """Judge in four steps that all say the same."""
    for _ in range(STEPS):
        if give_up(worth(parameters)):
            break
    return worth(parameters)


def ticking() -> Callable[[], float]:
    """Return a clock that goes on by a second at every look."""
    ticks = count()
    return lambda: float(next(ticks))


def still() -> float:
    """Tell always the same time."""
    return 0.0


class TunerSuite:
    """Every tuner passes these."""

    def tuner(self) -> Tuner:
        """Return the tuner under test."""
        raise NotImplementedError

    def search(
        self,
        trials: int,
        *,
        seed: int = 1,
        batch: int = 1,
        earlier: Sequence[Trial] = (),
        seconds: float | None = None,
        try_all: TryAll | None = None,
    ) -> Sequence[Trial]:
        """Search with a clock that goes on by a second at every look."""
        return self.tuner().search(
            SPACE, DEFAULTS, try_all or one_by_one(steady, ticking()), trials=trials, seconds=seconds, seed=seed,
            batch=batch, earlier=earlier,
        )  # fmt: skip

    def test_trial_0_is_the_defaults(self) -> None:
        first = self.search(1)[0]
        assert (first.number, first.parameters, first.value, first.state) == (0, DEFAULTS, worth(DEFAULTS), "done")

    def test_trials_stay_inside_the_space_and_keep_what_is_not_searched(self) -> None:
        found = self.search(25)
        assert [trial.number for trial in found] == list(range(25))
        for trial in found:
            assert set(trial.parameters) == set(DEFAULTS)
            assert trial.parameters["colour"] == "green"
            assert 0.0 <= trial.parameters["speed"] <= 10.0
            assert 1e-3 <= trial.parameters["weight"] <= 1e3
            assert trial.parameters["layers"] in range(1, 13)
            assert trial.parameters["kind"] in ("round", "flat", None)

    def test_the_same_seed_gives_the_same_trials_and_another_seed_others(self) -> None:
        assert self.search(15, seed=4) == self.search(15, seed=4)
        assert self.search(15, seed=4) != self.search(15, seed=5)

    @pytest.mark.parametrize("done", [0, 1, 3, 11, 24])
    def test_a_search_that_was_broken_off_goes_on_bit_for_bit(self, done: int) -> None:
        whole = self.search(25)
        stored = json.loads(json.dumps([asdict(trial) for trial in whole[:done]]))
        told = [Trial(**{**one, "steps": tuple(one["steps"])}) for one in stored]
        assert self.search(25, earlier=told) == whole

    def test_it_finds_better_parameters_than_chance_does(self) -> None:
        values = [trial.value for trial in self.search(60) if trial.value is not None]
        assert max(values) > worth(DEFAULTS)
        assert sum(values[-15:]) / len(values[-15:]) > sum(values[:15]) / len(values[:15])

    def test_a_hopeless_trial_is_given_up_and_never_counts(self) -> None:
        found = self.search(40)
        pruned = [trial for trial in found if trial.state == "pruned"]
        assert pruned
        assert all(trial.value is None and len(trial.steps) < STEPS for trial in pruned)
        assert found[0].state == "done"

    def test_only_the_judged_number_of_steps_is_kept(self) -> None:
        assert all(len(trial.steps) == STEPS for trial in self.search(3))

    def test_the_budget_of_seconds_counts_earlier_trials_but_not_trial_0(self) -> None:
        assert len(self.search(50, seconds=0.0)) == 1
        found = self.search(50, seconds=5.0)
        assert sum(trial.seconds for trial in found[:-1]) < 5.0 <= sum(trial.seconds for trial in found)
        slow = [replace(trial, seconds=2.5) for trial in found[:2]]
        assert len(self.search(50, seconds=5.0, earlier=slow)) == 2

    def test_each_new_trial_is_told_when_it_ends(self) -> None:
        told: list[Trial] = []
        whole = self.search(6)
        found = self.tuner().search(
            SPACE, DEFAULTS, one_by_one(steady, still), trials=6, seconds=None, seed=1, earlier=whole[:2],
            on_trial=told.append,
        )  # fmt: skip
        assert told == list(found[2:])

    def test_a_trial_that_cannot_be_computed_fails_and_the_search_goes_on(self) -> None:
        def fragile(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
            if parameters["kind"] == "round":
                raise ZeroDivisionError("round things roll away")
            return float("nan") if parameters["kind"] is None else steady(parameters, give_up)

        found = self.tuner().search(SPACE, DEFAULTS, one_by_one(fragile, still), trials=25, seconds=None, seed=1)
        assert len(found) == 25
        states = {trial.parameters["kind"]: trial.state for trial in found}
        assert states["round"] == states[None] == "failed"
        assert all(trial.value is None and trial.error for trial in found if trial.state == "failed")
        assert not any(trial.error for trial in found if trial.state != "failed")

    def test_defaults_that_cannot_be_computed_are_the_callers_error(self) -> None:
        def broken(parameters: Parameters, give_up: Callable[[float], bool]) -> float:  # noqa: ARG001
            raise ZeroDivisionError("nothing works")

        with pytest.raises(ZeroDivisionError):
            self.tuner().search(SPACE, DEFAULTS, one_by_one(broken, still), trials=5, seconds=None, seed=1)

    def test_what_the_judge_refuses_stops_the_search(self) -> None:
        def cancelled(parameters: Parameters, give_up: Callable[[float], bool]) -> float:  # noqa: ARG001
            if parameters != DEFAULTS:
                raise KeyboardInterrupt
            return 0.0

        with pytest.raises(KeyboardInterrupt):
            self.tuner().search(SPACE, DEFAULTS, one_by_one(cancelled, still), trials=5, seconds=None, seed=1)

    def test_without_a_space_the_defaults_are_all(self) -> None:
        found = self.tuner().search({}, DEFAULTS, one_by_one(steady, still), trials=9, seconds=None, seed=1)
        assert [trial.parameters for trial in found] == [DEFAULTS]

    def test_a_batch_is_handed_over_whole_and_drawn_from_the_batches_before_it(self) -> None:
        asked: list[Sequence[Attempt]] = []

        def try_all(attempts: Sequence[Attempt]) -> Generator[Trial, None, None]:
            asked.append(attempts)
            return one_by_one(steady, still)(attempts)

        whole = self.search(14, batch=4, try_all=try_all)
        assert [len(batch) for batch in asked] == [4, 4, 4, 2]
        assert [one.number for batch in asked for one in batch] == list(range(14))
        assert [one.parameters for batch in asked for one in batch] == [trial.parameters for trial in whole]
        for batch in list(asked):
            assert len({one.bars for one in batch}) == 1
            first = batch[0].number
            another = replace(whole[first], parameters={**DEFAULTS, "speed": 0.0}, value=9.0)
            again = self.search(14, batch=4, earlier=[*whole[:first], another])
            assert [one.parameters for one in again[first + 1 : first + 4]] == [one.parameters for one in batch[1:]]

    def test_a_batch_gives_the_same_trials_in_whatever_order_it_is_tried(self) -> None:
        def from_the_end(attempts: Sequence[Attempt]) -> Generator[Trial, None, None]:
            yield from reversed(list(one_by_one(steady, still)(attempts[::-1])))

        in_order = self.search(22, batch=4, try_all=one_by_one(steady, still))
        assert self.search(22, batch=4, try_all=from_the_end) == in_order

    @pytest.mark.parametrize("done", [1, 4, 6, 11, 12, 19])
    def test_a_search_that_was_broken_off_within_a_batch_goes_on_bit_for_bit(self, done: int) -> None:
        whole = self.search(20, batch=4)
        assert any(trial.state == "pruned" for trial in whole)
        assert self.search(20, batch=4, earlier=whole[:done]) == whole

    def test_a_batch_takes_as_long_as_its_longest_trial(self) -> None:
        assert len(self.search(50, batch=4, seconds=0.0)) == 4
        assert len(self.search(50, batch=4, seconds=2.0)) == 2 * 4
        slow = [replace(trial, seconds=2.0 * (trial.number == 2)) for trial in self.search(4, batch=4)]
        assert len(self.search(50, batch=4, seconds=2.0, earlier=slow)) == 4

    def test_what_is_under_way_is_stopped_when_the_caller_is(self) -> None:
        stopped: list[int] = []

        def try_all(attempts: Sequence[Attempt]) -> Generator[Trial, None, None]:
            try:
                yield from one_by_one(steady, still)(attempts)
            finally:
                stopped.append(attempts[0].number)

        def cancel(trial: Trial) -> None:
            if trial.number == 5:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.tuner().search(
                SPACE, DEFAULTS, try_all, trials=9, seconds=None, seed=1, batch=4, on_trial=cancel
            )  # fmt: skip
        assert stopped == [0, 4]
