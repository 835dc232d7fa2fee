"""Search of parameters with Optuna's tree-structured Parzen estimators; hopeless trials are given up early."""

from __future__ import annotations

import contextlib
import hashlib
import math
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

from shopkeeper.training.ports import Attempt, Parameters, SearchRange, Trial, TryAll

_log = structlog.get_logger(__name__)
_STATES = {"done": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class OptunaTuner:
    """Implements `training.ports.Tuner`.

    Each trial is drawn by a study that is made anew from the trials before it, with a seed of its own, so it depends on
    nothing else: what a process remembers and a later one cannot know plays no part. Nothing is stored but in memory.

    Args:
        startup: Trials drawn by chance before the estimators have something to learn from.
        patience: Finished trials before one is given up for lying below their median at the same step. The rule is our
            own, as Optuna's looks at the best step so far, which a running mean over questions reaches by chance.
    """

    def __init__(self, startup: int = 8, patience: int = 5) -> None:
        self._startup = startup
        self._patience = patience

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
        """Try parameters until the budget is spent."""
        where = {name: _distribution(one) for name, one in sorted(space.items())}
        most = trials if where else 1
        found = list(earlier)
        while len(found) < most:
            known = found[: len(found) // batch * batch]
            if known and seconds is not None and _spent(known, batch) >= seconds:
                break
            bars = self._bars(known)
            numbers = range(len(found), min(len(known) + batch, most))
            drawn = [self._drawn(where, known, number, seed) for number in numbers]
            attempts = [Attempt(n, {**defaults, **own}, bars) for n, own in zip(numbers, drawn, strict=True)]
            with contextlib.closing(try_all(attempts)) as tried:
                for trial in tried:
                    if trial.error:
                        _log.warning("trial_failed", trial=trial.number, parameters=trial.parameters, error=trial.error)
                    found.append(trial)
                    on_trial(trial)
        return found

    def _drawn(
        self, where: Mapping[str, BaseDistribution], known: Sequence[Trial], number: int, seed: int
    ) -> Parameters:
        """Return what a trial changes of the defaults."""
        return self._study(where, known, _seed(seed, number)).ask(dict(where)).params if number else {}

    def _bars(self, known: Sequence[Trial]) -> tuple[float, ...]:
        """Return for each step the median of what finished trials had there, as long as enough of them had it."""
        done = [trial.steps for trial in known if trial.state == "done"]
        if len(done) < self._patience:
            return ()
        depth = sorted((len(steps) for steps in done), reverse=True)[self._patience - 1]
        return tuple(median(steps[place] for steps in done if len(steps) > place) for place in range(depth))

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


def _spent(known: Sequence[Trial], batch: int) -> float:
    """Return how long whole batches took: each as long as its longest trial."""
    firsts = range(0, len(known), batch)
    return math.fsum(max(trial.seconds for trial in known[first : first + batch]) for first in firsts)


def _seed(seed: int, number: int) -> int:
    """Return the seed of one trial; neighbours of either number have nothing in common."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
