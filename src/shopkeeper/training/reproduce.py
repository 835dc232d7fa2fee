"""A version trained again by its own plan, and everything in which the repetition differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shopkeeper.errors import InputError
from shopkeeper.jobs.ports import Steps
from shopkeeper.registry.bundle import read_manifest
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.training.in_hand import RunInHand
from shopkeeper.training.plan import Rails, TrainingPlan
from shopkeeper.training.ports import DataT, LearningSystem, ModelT
from shopkeeper.training.run_data import PARTS_FILE, begin, extract, split, validate
from shopkeeper.training.run_model import fit, judge, search

_TIMED = ("latency", "champion")
"""Figures that are not of the model alone: a stopwatch's, and those next to whatever served then."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was so then and is so now; None = there was, or is, none."""

    what: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What a repetition came to.

    Attributes:
        equal: Every metric is the same, bit for bit.
        same_model: So is every array of the model.
        metrics, data, environment, parameters: What differs, and what may be why.
    """

    run: str
    system: str
    version: str
    equal: bool
    same_model: bool
    metrics: tuple[Difference, ...]
    data: tuple[Difference, ...]
    environment: tuple[Difference, ...]
    parameters: tuple[Difference, ...]

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def plan_to_reproduce(version: ModelVersion) -> TrainingPlan:
    """Return the plan a version was trained by, with ends that leave out what happened, or came in, later.

    A version's time is the moment its run began; what came in after it was not known to it.

    Raises:
        InputError: the version was trained before runs kept their plan.
    """
    facts = version.lineage.facts
    if "plan" not in facts:
        raise InputError(
            f"Version {version.version} does not say how it was trained: it is older than runs that keep their plan.",
            "Reproduce a newer version; `shopkeeper models` lists them.",
        )
    plan = msgspec.convert(facts["plan"], TrainingPlan)
    last = facts.get("data", {}).get("last")
    until = plan.until
    if until is None and last is not None:
        until = msgspec.convert(last, datetime) + timedelta(microseconds=1)
    reason = plan.ignore_quality or f"reproduces {version.version}"
    known = plan.known or version.created_at
    return replace(plan, until=until, known=known, reproduces=version.version, ignore_quality=reason)


def reproduce(system: LearningSystem[DataT, ModelT], plan: TrainingPlan, rails: Rails, steps: Steps) -> Reproduction:
    """Train a version again by `plan_to_reproduce` and say whether it comes to the same. Nothing is registered.

    Raises:
        UnknownModel: there is no such version, or the system does not know its model any more.
        BundleDamaged: what the version kept of its data cannot be read.
        NotEnoughData, JobCancelled: as `run.train`.
    """
    version = rails.registry.get(system.name, plan.reproduces)
    run = RunInHand(system, plan, rails, steps, shares(plan))
    begun = begin(run)
    summary = extract(run, begun)
    validate(run, summary)
    cuts = split(run)
    found = search(run)
    fitted = fit(run, begun, found.parameters)
    evaluation = judge(run, cuts.cutoff, found.parameters, fitted)

    def call() -> dict[str, Any]:
        place = rails.models / version.folder
        facts = version.lineage.facts
        metrics = differences(_figures(version.metrics), _figures(_as_kept(evaluation.document())))
        manifest = read_manifest(place)
        parts = msgspec.json.decode((run.folder / PARTS_FILE).read_bytes(), type=dict[str, str])
        kept = place / PARTS_FILE
        before = msgspec.json.decode(kept.read_bytes(), type=dict[str, str]) if kept.is_file() else {}
        data = differences(before, parts)
        if not data and summary.fingerprint != version.fingerprint:
            data = (Difference("what is known of the products", version.fingerprint, summary.fingerprint),)
        return Reproduction(
            run=run.run,
            system=system.name,
            version=version.version,
            equal=not metrics,
            same_model=manifest.content == fitted.content,
            metrics=metrics,
            data=data,
            environment=differences(facts.get("environment", {}), begun.environment),
            parameters=differences(manifest.parameters, fitted.parameters),
        ).document()

    return msgspec.convert(run.step("compare", call), Reproduction)


def shares(plan: TrainingPlan) -> dict[str, float]:
    """Return the steps of a repetition in their order, each with the share of the time it usually takes."""
    weights = {"begin": 0.2, "extract": 5.0, "validate": 1.5, "split": 0.2, "tune": 1.5 * plan.trials, "fit": 4.0,
               "evaluate": 6.0, "compare": 0.2}  # fmt: skip
    whole = sum(weights.values())
    return {name: weight / whole for name, weight in weights.items() if weight}


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between two mappings, by name."""
    names = sorted(then.keys() | now.keys())
    return tuple(Difference(name, then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name))


def _as_kept(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as the registry gives it back."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return found


def _figures(metrics: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested metrics by their whole names, without those that are not of the model alone."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        if not above and name in _TIMED:
            continue
        whole = f"{above} {name}".strip()
        found |= _figures(value, whole) if isinstance(value, Mapping) else {whole: value}
    return found
