"""The second half of a run: parameters, a model on everything, and what its recipe is worth on what it has not seen."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from shopkeeper.errors import NotEnoughData
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.training.cross_validate import cross_validate
from shopkeeper.training.evaluate import Evaluation, Serving, evaluate
from shopkeeper.training.in_hand import RunInHand, emptied
from shopkeeper.training.latency import measure_latency
from shopkeeper.training.ports import DataT, ModelT, Parameters, Trial, TryAll
from shopkeeper.training.run_data import Begun
from shopkeeper.training.split import three_way_split, time_split
from shopkeeper.training.trial_shards import BenchFiles, side_by_side
from shopkeeper.training.tune import best_of, tune

_BUNDLE: Final = "bundle"
_TRIALS: Final = "trials.jsonl"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of parameters ended with.

    Attributes:
        cases: Validation questions behind each value.
    """

    parameters: dict[str, Any]
    trials: tuple[Trial, ...] = ()
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model of a run, as a bundle in the run's folder that nobody serves yet.

    Attributes:
        content: Hash over all its arrays.
    """

    version: str
    content: str
    parameters: dict[str, Any]


def search(run: RunInHand[DataT, ModelT]) -> Found:
    """Search parameters on the validation part; a crash costs the trials under way and no finished one before them."""
    plan = run.plan
    if not plan.trials:
        return Found(dict(plan.parameters))
    kept = run.folder / _TRIALS

    def call() -> dict[str, Any]:
        earlier = read_trials(kept)

        usual = run.system.defaults(run.model)

        def on_trial(trial: Trial) -> None:
            add_trial(kept, trial)
            run.rails.log.trial(run.run, trial.number, trial.parameters, trial.value, trial.state)
            run.say(_of_trial(trial, plan.trials, usual), run.shares["tune"] * (trial.number + 1) / plan.trials)

        again = f", {len(earlier)} of them done before" if earlier else ""
        run.say(f"Trying {plan.trials} sets of parameters of {run.model}{again} ...")
        times = run.system.times(run.data)
        parts = three_way_split(times, plan.validation_share, plan.test_share, gap_seconds=plan.gap_seconds)
        with _beside(run) as beside:
            tuned = tune(
                run.system, run.model, run.data, parts, tuner=run.rails.tuner(), trials=plan.trials,
                seconds=plan.seconds, seed=plan.seed, batch=plan.parallel_trials, earlier=earlier, on_trial=on_trial,
                held=plan.parameters, beside=beside,
            )  # fmt: skip
        return {"parameters": dict(tuned.parameters), "trials": tuned.trials, "cases": tuned.cases}

    found = msgspec.convert(run.step("tune", call), Found)
    best = best_of(found.trials)
    first = "the first" if plan.parameters else "the defaults"
    run.say(
        f"Trial {best.number} is the best of {len(found.trials)}: {run.system.metric} {best.value:.4f},"
        f" {first} {found.trials[0].value or 0:.4f}, by {found.cases:,} questions."
    )
    return found


@contextlib.contextmanager
def _beside(run: RunInHand[DataT, ModelT]) -> Iterator[TryAll | None]:
    """Give what tries parameters side by side, from the run's files; None where one is tried at a time."""
    plan = run.plan
    if plan.parallel_trials == 1:
        yield None
        return
    files = BenchFiles(
        run.system.offline(), run.model, run.data_folder, plan.validation_share, plan.test_share, plan.gap_seconds,
        plan.seed,
    )  # fmt: skip
    with run.rails.shards(plan.parallel_trials) as mapper, side_by_side(mapper, files) as beside:
        yield beside


def _of_trial(trial: Trial, trials: int, usual: Parameters) -> str:
    value = trial.state if trial.value is None else f"{trial.value:.4f}"
    tried = {name: own for name, own in trial.parameters.items() if own != usual.get(name)}
    told = ", ".join(f"{name} {own:.3g}" if isinstance(own, float) else f"{name} {own}" for name, own in tried.items())
    return f"Trial {trial.number + 1} of {trials}: {value} in {trial.seconds:.1f} s ({told or 'the defaults'})"


def add_trial(path: Path, trial: Trial) -> None:
    """Keep a finished trial, durably."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(trial) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_trials(path: Path) -> tuple[Trial, ...]:
    """Return the trials that were kept whole, from number 0 on; a line that a crash tore is cut off."""
    if not path.is_file():
        return ()
    found: list[Trial] = []
    whole = 0
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        found.append(msgspec.json.decode(line, type=Trial))
        whole += len(line)
    os.truncate(path, whole)
    return tuple(found)


def validate_across_time(run: RunInHand[DataT, ModelT], cutoff: int, parameters: Parameters) -> dict[str, Any] | None:
    """Fit and judge at several moments before the test and say how much the figures vary; None = not asked for."""
    plan, system = run.plan, run.system
    if not plan.folds:
        return None

    def call() -> dict[str, Any]:
        run.say(f"Judging {run.model} at {plan.folds} moments of the past ...")
        before = system.take(run.data, system.times(run.data) < cutoff)
        try:
            found = cross_validate(
                system, run.model, parameters, before, folds=plan.folds, gap_seconds=plan.gap_seconds, seed=plan.seed
            )
        except NotEnoughData as error:  # the run itself may well have enough
            return {"note": f"Not cross-validated: {error.reason}", "folds": []}
        return found.document()

    found = run.step("cross_validate", call)
    run.say(str(found["note"]))
    return found


def fit(run: RunInHand[DataT, ModelT], begun: Begun, parameters: Parameters) -> Fitted:
    """Fit the model on everything and write its bundle into the run's folder."""

    def call() -> dict[str, Any]:
        run.say(f"Fitting {run.model} on everything ...")
        root = emptied(run.folder / _BUNDLE)
        fitted = run.system.fit(run.model, run.data, parameters, run.plan.seed)
        content = BundleContent(
            system=run.system.name,
            model=run.model,
            code_version=begun.environment.get("shopkeeper", ""),
            parameters=run.system.parameters(fitted),
            seed=run.plan.seed,
            fingerprint="",
            metrics={},
            arrays=run.system.arrays(fitted, run.data),
        )
        manifest = write_bundle(root, content, begun.moment)
        return {"version": manifest.version, "content": manifest.content, "parameters": manifest.parameters}

    return msgspec.convert(run.step("fit", call), Fitted)


def fitted_bundle(run: RunInHand[DataT, ModelT], fitted: Fitted) -> Bundle:
    """Return the bundle of the run's model, mapped from its folder. Raises BundleDamaged."""
    return open_bundle(run.folder / _BUNDLE / run.system.name / fitted.version)


def judge(run: RunInHand[DataT, ModelT], cutoff: int, parameters: Parameters, fitted: Fitted) -> Evaluation:
    """Ask the recipe, the baseline and the serving version about what came after the cutoff, and time the bundle.

    Raises:
        NotEnoughData: too few shoppers to judge with.
    """

    def call() -> dict[str, Any]:
        found = evaluated(run, cutoff, run.model, parameters)
        run.say("Timing the answers of the bundle ...")
        answer = run.system.answerer(fitted_bundle(run, fitted), run.data, run.plan.seed)
        return replace(found, latency=measure_latency(answer, run.plan.timed_answers)).plain()

    return Evaluation.of_plain(run.step("evaluate", call))


def evaluated(run: RunInHand[DataT, ModelT], cutoff: int, model: str, parameters: Parameters) -> Evaluation:
    """Return what a recipe is worth, fitted on what came before the cutoff."""
    plan, objective = run.plan, run.rails.objective
    cut = time_split(run.system.times(run.data), plan.test_share, cutoff=cutoff, gap_seconds=plan.gap_seconds)
    run.say(f"Judging {model} by what happened from {cut.moment:%Y-%m-%d %H:%M} on ...")
    return evaluate(
        run.system,
        model,
        parameters,
        run.data,
        cut,
        serving=None if plan.reproduces else _serving(run),
        resamples=plan.resamples,
        minimum_cases=max(plan.minimum_cases, 0 if objective is None else objective.data.minimum_cases),
        seed=plan.seed,
    )


def _serving(run: RunInHand[DataT, ModelT]) -> Serving | None:
    """Return the version that serves now; None where there is none yet, or it cannot be opened."""
    registry, system = run.rails.registry, run.system.name
    champion = registry.pointer(system, "champion")
    if champion is None:
        return None
    version = registry.get(system, champion)
    last = version.lineage.facts.get("data", {}).get("last")
    ended = None if last is None else msgspec.convert(last, datetime)
    return Serving(open_bundle(run.rails.models / version.folder), ended)
