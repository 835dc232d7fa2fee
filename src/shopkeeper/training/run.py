"""A training run from top to bottom; every step is one line and returns what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic

from shopkeeper.errors import InputError, NotEnoughData, UnknownModel
from shopkeeper.quality.ports import ReportStore
from shopkeeper.registry.bundle import BundleContent, Manifest, write_bundle
from shopkeeper.registry.ports import ModelRegistry, ModelVersion
from shopkeeper.training.evaluate import Evaluation, evaluate
from shopkeeper.training.ports import DataSummary, DataT, LearningSystem, ModelT
from shopkeeper.training.split import TimeSplit, time_split

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What is asked of one run.

    Attributes:
        model: Model to fit; None = the system's default.
        until: Nothing at or after this moment is read; None = everything.
        test_share: Share of the newest interactions that judge.
        resamples: Bootstrap resamples behind each interval.
        minimum_interactions: Fewest interactions to train on.
        minimum_cases: Fewest shoppers to judge with.
    """

    model: str | None = None
    until: datetime | None = None
    seed: int = 20_261_123
    test_share: float = 0.2
    resamples: int = 1_000
    minimum_interactions: int = 500
    minimum_cases: int = 30


@dataclass(frozen=True, slots=True)
class Rails:
    """Where a run keeps what it makes.

    Attributes:
        models: Folder of the bundles.
        code_version: Version of Shopkeeper, for the manifest.
        clock: Tells the time, UTC.
        who: Who started the run, for the audit.
        say: Takes progress for people.
    """

    registry: ModelRegistry
    reports: ReportStore
    models: Path
    code_version: str
    clock: Callable[[], datetime]
    who: str = "train"
    say: Say = print


@dataclass(frozen=True)
class _Judged(Generic[ModelT]):
    evaluation: Evaluation
    baseline: Evaluation
    split: TimeSplit


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run ended with.

    Attributes:
        manifest: The version that was asked for.
        blessed: It beats the baseline, lower bound of the difference above zero; the baseline itself needs no blessing.
        champion: Version that serves after the run.
        first_champion: Set when this run made the first champion.
        report: Number of the kept report.
    """

    manifest: Manifest
    summary: DataSummary
    cutoff: datetime
    evaluation: Evaluation
    blessed: bool
    champion: str | None
    first_champion: str | None
    report: int


def train(system: LearningSystem[DataT, ModelT], plan: TrainingPlan, rails: Rails) -> TrainingResult:
    """Train one system and return what came out.

    Raises:
        UnknownModel: the system has no such model.
        NotEnoughData: too few interactions, products or test shoppers; says how many there are and are needed.
    """
    model = _known(system, plan.model)
    data = _extract(system, plan, rails)
    summary = _check(system, data, plan, rails)
    judged = _judge(system, model, data, plan, rails)
    blessed = _bless(system, model, judged.evaluation, rails)
    manifest = _write(system, model, data, summary, judged.evaluation, blessed, plan, rails)
    first = _first_champion(system, manifest, data, summary, judged, blessed, plan, rails)
    report = _report(system, manifest, summary, judged, blessed, rails)
    champion = rails.registry.pointer(system.name, "champion")
    return TrainingResult(manifest, summary, judged.split.moment, judged.evaluation, blessed, champion, first, report)


def _known(system: LearningSystem[DataT, ModelT], model: str | None) -> str:
    wanted = model or system.models[0]
    if wanted not in system.models:
        raise UnknownModel(
            f"{system.name} has no model {wanted!r}.", f"Use `--model` with one of: {', '.join(system.models)}."
        )
    return wanted


def _extract(system: LearningSystem[DataT, ModelT], plan: TrainingPlan, rails: Rails) -> DataT:
    rails.say(f"Reading interactions{f' before {plan.until:%Y-%m-%d %H:%M}' if plan.until else ''} ...")
    return system.extract(plan.until)


def _check(system: LearningSystem[DataT, ModelT], data: DataT, plan: TrainingPlan, rails: Rails) -> DataSummary:
    found = system.summary(data)
    rails.say(
        f"Read {found.interactions:,} interactions of {found.shoppers:,} shoppers with {found.products:,} products"
        f" in {found.stores} store(s)."
    )
    for name, there, needed in (
        ("interactions", found.interactions, plan.minimum_interactions),
        ("products", found.products, 2),
    ):
        if there < needed:
            raise NotEnoughData(
                f"There are {there:,} {name} to train on; {needed:,} are needed.",
                "Import more history with `shopkeeper import`, or lower `training.minimum_interactions`"
                " in shopkeeper.toml. Views, clicks, carts, purchases and ratings of people count.",
            )
    return found


def _judge(
    system: LearningSystem[DataT, ModelT], model: str, data: DataT, plan: TrainingPlan, rails: Rails
) -> _Judged[ModelT]:
    split = time_split(system.times(data), plan.test_share)
    rails.say(f"Fitting {model} and {system.baseline} on what happened before {split.moment:%Y-%m-%d %H:%M} ...")
    evaluation, own = (
        evaluate(
            system, one, {}, data, split, resamples=plan.resamples, minimum_cases=plan.minimum_cases, seed=plan.seed
        )
        for one in (model, system.baseline)
    )
    return _Judged(evaluation, own, split)


def _bless(system: LearningSystem[DataT, ModelT], model: str, evaluation: Evaluation, rails: Rails) -> bool:
    found = evaluation.baseline.metrics[system.metric]
    if model == system.baseline:
        rails.say(f"{model} is the baseline: {system.metric} {found.model.value:.4f}.")
        return False
    verdict = "blessed" if evaluation.better else "not blessed"
    rails.say(
        f"{model} {system.metric} {found.model.value:.4f}, {system.baseline} {found.other.value:.4f}; difference"
        f" {found.difference.value:+.4f} (95%: {found.difference.low:+.4f} to {found.difference.high:+.4f}): {verdict}."
    )
    return evaluation.better


def _write(
    system: LearningSystem[DataT, ModelT],
    model: str,
    data: DataT,
    summary: DataSummary,
    evaluation: Evaluation,
    blessed: bool,
    plan: TrainingPlan,
    rails: Rails,
) -> Manifest:
    """Fit once more on all data, write the bundle and register it."""
    rails.say(f"Fitting {model} on everything ...")
    fitted = system.fit(model, data, {}, plan.seed)
    content = BundleContent(
        system=system.name,
        model=model,
        code_version=rails.code_version,
        parameters=system.parameters(fitted),
        seed=plan.seed,
        fingerprint=summary.fingerprint,
        metrics=evaluation.document(),
        arrays=system.arrays(fitted, data),
    )
    manifest = write_bundle(rails.models, content, rails.clock())
    rails.registry.register(
        ModelVersion(
            system=system.name,
            version=manifest.version,
            model=model,
            folder=f"{system.name}/{manifest.version}",
            created_at=manifest.created_at,
            blessed=blessed,
            metrics=manifest.metrics,
            fingerprint=summary.fingerprint,
        )
    )
    rails.say(f"Registered {model} as version {manifest.version}.")
    return manifest


def _first_champion(
    system: LearningSystem[DataT, ModelT],
    manifest: Manifest,
    data: DataT,
    summary: DataSummary,
    judged: _Judged[ModelT],
    blessed: bool,
    plan: TrainingPlan,
    rails: Rails,
) -> str | None:
    """Make the first champion where there is none: the version, or the baseline where the version is not blessed."""
    if rails.registry.pointer(system.name, "champion") is not None:
        return None
    version, why = manifest.version, "first champion: " + ("blessed" if blessed else "the baseline")
    if not blessed and manifest.model != system.baseline:
        rails.say(f"{manifest.model} does not beat {system.baseline}, so {system.baseline} serves instead.")
        stand_in = _write(system, system.baseline, data, summary, judged.baseline, False, plan, rails)
        version, why = stand_in.version, f"first champion: {manifest.model} did not beat the baseline"
    rails.registry.point(system.name, "champion", version, rails.who, why)
    rails.say(f"Version {version} is the first champion.")
    return version


def _report(
    system: LearningSystem[DataT, ModelT],
    manifest: Manifest,
    summary: DataSummary,
    judged: _Judged[ModelT],
    blessed: bool,
    rails: Rails,
) -> int:
    body: dict[str, Any] = {
        "system": system.name,
        "model": manifest.model,
        "version": manifest.version,
        "baseline": system.baseline,
        "metric": system.metric,
        "blessed": blessed,
        "cutoff": judged.split.moment.isoformat(),
        "seed": manifest.seed,
        "parameters": manifest.parameters,
        "data": {
            "interactions": summary.interactions,
            "shoppers": summary.shoppers,
            "products": summary.products,
            "stores": summary.stores,
            "first": summary.first.isoformat() if summary.first else None,
            "last": summary.last.isoformat() if summary.last else None,
            "fingerprint": summary.fingerprint,
        },
        "metrics": manifest.metrics,
    }
    return rails.reports.save("training", body)


def check_name(system: str, known: tuple[str, ...]) -> str:
    """Return the name of a system that can be trained. Raises InputError."""
    if system not in known:
        raise InputError(f"There is no system {system!r} to train.", f"Name one of: {', '.join(known)}.")
    return system
