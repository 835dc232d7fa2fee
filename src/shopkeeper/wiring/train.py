"""A training run ordered, seen through to its end, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from shopkeeper.jobs.ports import Document, JobStatus
from shopkeeper.recommendations.learn import RecommendationLearning
from shopkeeper.training.by_hand import read_by_hand
from shopkeeper.training.plan import TrainingPlan
from shopkeeper.training.reproduce import Reproduction, plan_to_reproduce
from shopkeeper.training.reproduce import shares as shares_to_reproduce
from shopkeeper.training.run import TrainingResult, as_order, as_plan, check_model, check_name, shares
from shopkeeper.wiring.jobs import OpenJobs, ended_well, opened_jobs
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.training_job import MODELS, OFFLINE, SYSTEMS, TRAINING, training_work, written_objective
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a run; what is None is taken from the settings.

    Attributes:
        parameters: What is set of the model's parameters, name to value as it was written.
        ignore_quality: Why data that do not meet their limits are trained on all the same; kept with the version.
    """

    model: str | None = None
    until: datetime | None = None
    seed: int | None = None
    trials: int | None = None
    minutes: float | None = None
    folds: int | None = None
    ignore_quality: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def train_system(
    settings: Settings,
    system: str,
    asked: Asked = Asked(),
    *,
    fresh: bool = False,
    who: str = "shopkeeper train",
    say: Callable[[str], None] = print,
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> TrainingResult:
    """Train one system on everything the workspace has taken in, or go on with the same order where it was left.

    A living `shopkeeper work` does it and is followed; where there is none, it is done in this process.

    Args:
        fresh: Give up a run of the same system that did not end, instead of going on with it.
        watch: Told how far the run is, again and again.

    Raises:
        InputError: there is no such system or parameter.
        UnknownModel: the system has no such model.
        NotEnoughData: too little to learn from or to judge with.
        ContractNotMet: the data do not meet their limits.
        JobCancelled: somebody cancelled the run.
        Unavailable: the database of jobs does not answer.
    """
    check_name(system, SYSTEMS)
    check_model(system, MODELS[system], asked.model)
    plan = plan_of(settings, asked, system)
    with opened_jobs(settings) as opened:
        run = _ordered(opened, system, plan, who, say, fresh=fresh)
        status = opened.see_through(run, {TRAINING: training_work(settings, say)}, watch)
    return outcome(status)


def reproduce_version(
    settings: Settings,
    system: str,
    version: str,
    *,
    fresh: bool = False,
    who: str = "shopkeeper train",
    say: Callable[[str], None] = print,
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> Reproduction:
    """Train a version again by its own plan on the data as they were, and say whether it comes to the same.

    Raises:
        UnknownModel: there is no such version.
        InputError: it is older than runs that keep their plan.
        NotEnoughData, JobCancelled, Unavailable: as `train_system`.
    """
    check_name(system, SYSTEMS)
    with open_workspace_state(settings) as state:
        plan = plan_to_reproduce(state.registry.get(system, version))
    with opened_jobs(settings) as opened:
        run = _ordered(opened, system, plan, who, say, fresh=fresh)
        status = opened.see_through(run, {TRAINING: training_work(settings, say)}, watch)
    return msgspec.convert(ended_well(status), Reproduction)


def outcome(status: JobStatus) -> TrainingResult:
    """Return what an ended run came to, or raise the error it ended with."""
    return msgspec.convert(ended_well(status), TrainingResult)


def _ordered(
    opened: OpenJobs, system: str, plan: TrainingPlan, who: str, say: Callable[[str], None], *, fresh: bool
) -> str:
    """Return the run to see through: the one that was left with the same plan, else a new one."""
    left = [one for one in opened.jobs.unfinished() if (one.kind, one.subject) == (TRAINING, system)]
    for one in left:
        if fresh:
            opened.jobs.cancel(one.run, who)
            say(f"Run {one.run} is given up.")
        elif as_plan(one.order["plan"]) == plan:
            say(_left(opened, one))
            return one.run
        else:
            say(f"Run {one.run} with another order comes first ({_how_far(one)}); `--fresh` would give it up.")
    order: Document = {"plan": as_order(plan), "who": who}
    return opened.jobs.enqueue(TRAINING, system, order, who)


def _left(opened: OpenJobs, status: JobStatus) -> str:
    if opened.worked_on(status):
        return f"Following run {status.run}, which is under way: {_how_far(status)}."
    return f"Resuming run {status.run}: {_how_far(status)}."


def _how_far(status: JobStatus) -> str:
    plan = as_plan(status.order["plan"])
    steps = shares_to_reproduce(plan) if plan.reproduces else shares(plan)
    return f"{len(status.steps)} of {len(steps)} steps done"


def plan_of(settings: Settings, asked: Asked, system: str = RecommendationLearning.name) -> TrainingPlan:
    """Return the plan of a run: what was asked, else what the settings say; of two gaps the longer.

    Raises:
        InputError: the model has no such parameter, or it does not take such a value.
    """
    training, objective = settings.training, written_objective(settings, system)
    gap_days = max(training.gap_days, 0.0 if objective is None else objective.training.label_gap_days)
    minutes = training.minutes if asked.minutes is None else asked.minutes
    return TrainingPlan(
        model=asked.model,
        until=asked.until,
        seed=training.seed if asked.seed is None else asked.seed,
        trials=training.trials if asked.trials is None else asked.trials,
        parameters=_by_hand(asked, system),
        parallel_trials=training.parallel_trials,
        seconds=None if minutes is None else minutes * 60.0,
        folds=training.folds if asked.folds is None else asked.folds,
        validation_share=training.validation_share,
        test_share=training.test_share,
        gap_seconds=gap_days * 86_400.0,
        resamples=training.bootstrap,
        timed_answers=training.timed_answers,
        minimum_interactions=training.minimum_interactions,
        ignore_quality=asked.ignore_quality,
    )


def _by_hand(asked: Asked, system: str) -> dict[str, Any]:
    """Return the parameters that were set, of the types the model takes. Raises InputError."""
    model = asked.model or MODELS[system][0]
    return read_by_hand(model, asked.parameters, OFFLINE[system]().defaults(model))
