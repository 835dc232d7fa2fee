"""A training run from top to bottom; every line is a step that is done once, also when the process dies over it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.jobs.ports import Document, Steps
from shopkeeper.registry.bundle import BundleContent
from shopkeeper.training.evaluate import Evaluation
from shopkeeper.training.in_hand import RunInHand
from shopkeeper.training.plan import Rails, TrainingPlan
from shopkeeper.training.ports import DataT, LearningSystem, ModelT
from shopkeeper.training.run_data import Begun, begin, extract, refresh_features, split, validate
from shopkeeper.training.run_model import fit, judge, search, validate_across_time
from shopkeeper.training.run_release import Verdict, bless, register, release, report
from shopkeeper.training.split import moment_of
from shopkeeper.training.tune import best_of

_WEIGHTS: Final = {
    "begin": 0.2, "extract": 5.0, "validate": 1.5, "features": 2.0, "split": 0.2, "tune": 1.5, "cross_validate": 2.5,
    "fit": 4.0, "evaluate": 6.0, "bless": 0.2, "register": 0.6, "serve": 0.2, "report": 0.2,
}  # fmt: skip
"""Steps in their order, with what each usually takes next to the others; tuning by trial, cross-validation by fold."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run ended with.

    Attributes:
        version: The version that was asked for.
        content: Hash over all its arrays; equal content, equal model.
        fingerprint: Hash over everything read.
        blessed: It may go on towards shoppers: it meets the objective, or beats what serves where there is none.
        reasons: What it does not meet.
        champion: Version that serves after the run.
        first_champion: Set when this run made the first champion.
        report: Number of the kept report.
        question: What was asked of the test cases: what they are and what they did, up to the moment of the cutoff.
        trials: Sets of parameters that were tried.
        cross_validation: What it was worth at several moments of the past, and the spread; None = not asked for.
        seconds: Seconds of each step.
        overhead_seconds: Seconds of the rails themselves, in the process that ended the run.
        log_missed: Writes to the experiment log that did not get through so far.
    """

    run: str
    system: str
    model: str
    version: str
    content: str
    fingerprint: str
    seed: int
    parameters: dict[str, Any]
    metric: str
    metrics: dict[str, Any]
    blessed: bool
    reasons: list[str]
    champion: str | None
    first_champion: str | None
    report: int
    cutoff: datetime
    interactions: int
    shoppers: int
    products: int
    question: str
    trials: int
    cross_validation: dict[str, Any] | None
    seconds: dict[str, float]
    overhead_seconds: float
    log_missed: int = 0

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def train(system: LearningSystem[DataT, ModelT], plan: TrainingPlan, rails: Rails, steps: Steps) -> TrainingResult:
    """Train one system and return what came out.

    Raises:
        UnknownModel: the system has no such model.
        NotEnoughData: too few interactions, products or test shoppers; says how many there are and are needed.
        ContractNotMet: the data do not meet their limits.
        JobCancelled: somebody cancelled the run.
    """
    check_model(system.name, system.models, plan.model)
    run = RunInHand(system, plan, rails, steps, shares(plan))
    begun = begin(run)
    summary = extract(run, begun)
    quality = validate(run, summary)
    refresh_features(run, summary)
    cuts = split(run)
    found = search(run)
    validated = validate_across_time(run, cuts.cutoff, found.parameters)
    fitted = fit(run, begun, found.parameters)
    evaluation = judge(run, cuts.cutoff, found.parameters, fitted)
    verdict = bless(run, evaluation, summary, quality)
    origin = lineage(
        run,
        begun,
        evaluation,
        verdict,
        data=summary,
        quality=quality,
        split=cuts,
        trials=len(found.trials),
        trial=best_of(found.trials).number if found.trials else None,
        cross_validation=None if validated is None else validated["note"],
    )
    content = BundleContent(
        system=system.name,
        model=run.model,
        code_version=begun.environment.get("shopkeeper", ""),
        parameters=fitted.parameters,
        seed=plan.seed,
        fingerprint=summary.fingerprint,
        metrics=evaluation.document(),
        arrays={},
        lineage=origin,
    )
    manifest = register(run, fitted, content, begun, verdict.blessed)
    served = release(run, manifest, content, begun, cuts.cutoff, verdict.blessed)
    number = report(run, manifest, summary, cuts.cutoff, verdict, trials=found.trials, cross_validation=validated)
    return TrainingResult(
        run=run.run,
        system=system.name,
        model=manifest.model,
        version=manifest.version,
        content=manifest.content,
        fingerprint=manifest.fingerprint,
        seed=manifest.seed,
        parameters=manifest.parameters,
        metric=system.metric,
        metrics=manifest.metrics,
        blessed=verdict.blessed,
        reasons=[reason.text for reason in verdict.reasons if not reason.met],
        champion=served.champion,
        first_champion=served.first_champion,
        report=number,
        cutoff=moment_of(cuts.cutoff),
        interactions=summary.interactions,
        shoppers=summary.shoppers,
        products=summary.products,
        question=f"{system.nouns.subjects} {system.nouns.asked}",
        trials=len(found.trials),
        cross_validation=validated,
        seconds=run.seconds,
        overhead_seconds=round(run.overhead_seconds, 3),
    )


def lineage(
    run: RunInHand[DataT, ModelT], begun: Begun, evaluation: Evaluation, verdict: Verdict, **found: object
) -> dict[str, Any]:
    """Return where a version comes from: everything that led to it, as plain JSON.

    Args:
        found: What the steps found, by the name under which it is kept.
    """
    objective = run.rails.objective
    document: dict[str, Any] = msgspec.to_builtins(
        {
            "run": run.run,
            "plan": run.plan,
            "environment": begun.environment,
            "objective": None if objective is None else objective.digest,
            "champion": None if evaluation.champion is None else evaluation.champion.other,
            "blessing": verdict,
            **found,
        }
    )
    return document


def shares(plan: TrainingPlan) -> dict[str, float]:
    """Return the steps of a plan in their order, each with the share of the whole time it usually takes."""
    many = {"tune": plan.trials, "cross_validate": plan.folds}
    weights = {name: weight * many.get(name, 1) for name, weight in _WEIGHTS.items() if many.get(name, 1)}
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def as_order(plan: TrainingPlan) -> dict[str, Any]:
    """Return a plan as the order of a job."""
    order: dict[str, Any] = msgspec.to_builtins(plan)
    return order


def as_plan(order: Document) -> TrainingPlan:
    """Return the plan an order holds."""
    return msgspec.convert(order, TrainingPlan)


def check_model(system: str, models: tuple[str, ...], wanted: str | None) -> None:
    """Raise UnknownModel when the system has no such model."""
    if wanted is not None and wanted not in models:
        raise UnknownModel(f"{system} has no model {wanted!r}.", f"Use `--model` with one of: {', '.join(models)}.")


def check_name(system: str, known: tuple[str, ...]) -> str:
    """Return the name of a system that can be trained. Raises InputError."""
    if system not in known:
        raise InputError(f"There is no system {system!r} to train.", f"Name one of: {', '.join(known)}.")
    return system
