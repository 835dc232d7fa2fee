"""What is asked of a training run, and where it keeps what it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from shopkeeper.jobs.shards import ShardMapper
from shopkeeper.objectives.contract import Objective
from shopkeeper.quality.ports import ReportStore
from shopkeeper.quality.verdict import QualityVerdict
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.training.experiment_log import ExperimentLog, NoExperimentLog
from shopkeeper.training.ports import Tuner

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is asked of one run. With the data it decides the outcome: equal plan and data, equal model and figures.

    Attributes:
        model: Model to fit; None = the system's default.
        until: Nothing that happened at or after this moment is read; None = everything.
        known: Nothing that came in after this moment is read, whenever it happened; None = the moment the run begins.
        trials: Sets of parameters to try, the defaults among them; 0 = the defaults, untried.
        parameters: What a person set by name; a search holds it, and nothing else of the defaults.
        parallel_trials: Trials that are drawn knowing the same earlier ones, and tried side by side.
        seconds: No trial begins after so many; None = no limit. A plan with a limit is not repeated exactly.
        folds: Origins of the cross-validation; 0 = none.
        validation_share: Share of all interactions that choose parameters.
        test_share: Share of all interactions, the newest, that judge.
        gap_seconds: Left out before the validation and the test, so that what lasts does not leak.
        resamples: Bootstrap resamples behind each interval.
        timed_answers: Answers that the bundle is timed by, each twice.
        minimum_interactions: Fewest interactions to train on.
        minimum_cases: Fewest shoppers to judge with.
        reproduces: Version this run repeats, to see whether it comes to the same; it then registers nothing.
        ignore_quality: Why data that do not meet their limits are trained on all the same; empty = they are not.
    """

    model: str | None = None
    until: datetime | None = None
    known: datetime | None = None
    seed: int = 20_261_123
    trials: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parallel_trials: int = 1
    seconds: float | None = None
    folds: int = 0
    validation_share: float = 0.15
    test_share: float = 0.2
    gap_seconds: float = 0.0
    resamples: int = 1_000
    timed_answers: int = 500
    minimum_interactions: int = 500
    minimum_cases: int = 30
    ignore_quality: str = ""
    reproduces: str = ""


@dataclass(frozen=True, slots=True)
class Rails:
    """What a run works with.

    Attributes:
        models: Folder of the bundles.
        environment: What the run ran on: versions of Shopkeeper, Python and the libraries, and the machine.
        verdicts: Gives the verdict on each store's data, checked anew where the kept one is older than the data's
            newest moment.
        refresh_features: Brings the feature tables up to a moment and says in a document what it did.
        drift_reference: Says what the data look like in the weeks before a moment, as the bytes of a file that lies
            with the version; None where they hold too little.
        objective: What the system is for; None = nobody wrote it down.
        note: Takes what belongs in the audit: what was done, and its detail.
        tuner: Gives what searches parameters; asked only by a run that tries some.
        shards: Opens what computes so many shards at a time; asked only by a run that tries parameters side by side.
        clock: Tells the time, UTC.
        who: Who started the run, for the audit.
        say: Takes progress for people.
        log: Where people compare runs.
    """

    registry: ModelRegistry
    reports: ReportStore
    models: Path
    environment: Mapping[str, str]
    verdicts: Callable[[datetime | None], Sequence[QualityVerdict]]
    refresh_features: Callable[[datetime], Mapping[str, Any]]
    drift_reference: Callable[[datetime], bytes | None]
    objective: Objective | None
    note: Callable[[str, Mapping[str, Any]], None]
    tuner: Callable[[], Tuner]
    shards: Callable[[int], AbstractContextManager[ShardMapper]]
    clock: Callable[[], datetime]
    who: str = "train"
    say: Say = print
    log: ExperimentLog = field(default_factory=NoExperimentLog)
