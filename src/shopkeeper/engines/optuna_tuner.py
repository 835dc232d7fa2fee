"""Search of parameters with Optuna's tree-structured Parzen estimators; hopeless trials are given up early."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import optuna
import structlog
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial

from shopkeeper.training.ports import Parameters, SearchRange, Trial

_log = structlog.get_logger(__name__)
_STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
_CANNOT_BE_COMPUTED = (ArithmeticError, ValueError, MemoryError)

Judge = Callable[[Parameters, Callable[[float], bool]], float]


class OptunaTuner:
    """Implements `training.ports.Tuner`.

    Each trial is drawn by a study that is made anew from the trials before it, with a seed of its own, so it depends on
    nothing else: what a process remembers and a later one cannot know plays no part. Nothing is stored but in memory.

    Args:
        startup: Trials drawn by chance before the estimators have something to learn from.
        patience: Finished trials before one is given up for lying below their median at the same step. The rule is our
            own, as Optuna's looks at the best step so far, which a running mean over questions reaches by chance.
        clock: Seconds, for budgets and durations.
    """

    def __init__(self, startup: int = 8, patience: int = 5, clock: Callable[[], float] = time.perf_counter) -> None:
        self._startup = startup
        self._patience = patience
        self._clock = clock

    def search(
        self,
        space: Mapping[str, SearchRange],
        defaults: Parameters,
        judge: Judge,
        *,
        trials: int,
        seconds: float | None,
        seed: int,
        earlier: Sequence[Trial] = (),
        on_trial: Callable[[Trial], None] = lambda _: None,
    ) -> Sequence[Trial]:
        """Try parameters until the budget is spent."""
        where = {name: _distribution(one) for name, one in sorted(space.items())}
        found = list(earlier)
        while len(found) < (trials if where else 1):
            spent = math.fsum(trial.seconds for trial in found)
            if found and seconds is not None and spent >= seconds:
                break
            trial = self._try(where, defaults, judge, found, seed)
            found.append(trial)
            on_trial(trial)
        return found

    def _try(
        self,
        where: Mapping[str, BaseDistribution],
        defaults: Parameters,
        judge: Judge,
        found: Sequence[Trial],
        seed: int,
    ) -> Trial:
        number, begun = len(found), self._clock()
        drawn = self._study(where, found, _seed(seed, number)).ask(dict(where)).params if number else {}
        parameters = {**defaults, **drawn}
        steps: list[float] = []
        given_up = False

        def give_up(value: float) -> bool:
            nonlocal given_up
            steps.append(value)
            given_up = number > 0 and self._hopeless(steps, found)
            return given_up

        value: float | None = None
        try:
            value = judge(parameters, give_up)
        except _CANNOT_BE_COMPUTED as error:
            if number == 0:
                raise
            _log.warning("trial_failed", trial=number, parameters=parameters, error=repr(error))
        lasted = self._clock() - begun
        if value is None or not math.isfinite(value):
            return Trial(number, parameters, None, lasted, "failed", tuple(steps))
        if given_up:
            return Trial(number, parameters, None, lasted, "pruned", tuple(steps))
        return Trial(number, parameters, value, lasted, "done", tuple(steps))

    def _hopeless(self, steps: Sequence[float], found: Sequence[Trial]) -> bool:
        """Say whether the newest step lies below the median of what finished trials had there."""
        place = len(steps) - 1
        others = [trial.steps[place] for trial in found if trial.state == "done" and len(trial.steps) > place]
        return len(others) >= self._patience and steps[place] < median(others)

    def _study(self, where: Mapping[str, BaseDistribution], found: Sequence[Trial], seed: int) -> optuna.Study:
        """Return a study that knows the trials before and nothing else."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._startup, multivariate=True),
        )
        for trial in found:
            steps = {step: value for step, value in enumerate(trial.steps) if math.isfinite(value)}
            study.add_trial(
                create_trial(
                    state=_STATES[trial.state],
                    value=trial.value,
                    params={name: trial.parameters[name] for name in where},
                    distributions=dict(where),
                    intermediate_values=steps,
                )
            )
        return study


def _distribution(one: SearchRange) -> BaseDistribution:
    if one.choices:
        return CategoricalDistribution(one.choices)
    if one.integer:
        return IntDistribution(int(one.low), int(one.high), log=one.log)
    return FloatDistribution(one.low, one.high, log=one.log)


def _seed(seed: int, number: int) -> int:
    """Return the seed of one trial; neighbours of either number have nothing in common."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
