"""Search of parameters with Optuna: tree-structured Parzen estimators, given up early below the median."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence

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
        patience: Finished trials before one may be given up for lying below their median.
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
        study = self._study(where, found, _seed(seed, number))
        asked = study.ask(dict(where)) if number else None
        parameters = {**defaults, **asked.params} if asked else dict(defaults)
        steps: list[float] = []
        given_up = False

        def give_up(value: float) -> bool:
            nonlocal given_up
            steps.append(value)
            if asked is not None and math.isfinite(value):
                asked.report(value, len(steps) - 1)
                given_up = asked.should_prune()
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

    def _study(self, where: Mapping[str, BaseDistribution], found: Sequence[Trial], seed: int) -> optuna.Study:
        """Return a study that knows the trials before and nothing else."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._startup, multivariate=True),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=self._patience, n_min_trials=self._patience),
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
