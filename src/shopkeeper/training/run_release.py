"""The end of a run: whether the version is good enough, its place in the registry, and who serves."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from shopkeeper.monitoring.reference import FILE as DRIFT_REFERENCE
from shopkeeper.registry.bundle import BundleContent, Manifest, read_manifest, write_bundle
from shopkeeper.registry.ports import Lineage, ModelVersion
from shopkeeper.training.bless import Blessing, DataFacts, Reason
from shopkeeper.training.bless import bless as judge_blessing
from shopkeeper.training.evaluate import Evaluation
from shopkeeper.training.in_hand import RunInHand
from shopkeeper.training.ports import DataSummary, DataT, ModelT
from shopkeeper.training.run_data import PARTS_FILE, Begun
from shopkeeper.training.run_model import Fitted, evaluated, fitted_bundle
from shopkeeper.training.split import moment_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version may go on towards shoppers, and every reason."""

    blessed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """What a run did to what serves.

    Attributes:
        champion: Version that serves after the run.
        first_champion: Set when this run made the first champion.
    """

    champion: str | None
    first_champion: str | None


def bless(
    run: RunInHand[DataT, ModelT], evaluation: Evaluation, summary: DataSummary, quality: Mapping[str, Any]
) -> Verdict:
    """Say whether the version may go on towards shoppers, and why.

    What the house wrote down as the system's objective decides. Where it wrote nothing, the version must beat what
    serves (the baseline, while nothing does) for sure.
    """
    found = evaluation.opponent.metrics[evaluation.metric]
    text = (
        f"{run.model} {evaluation.metric} {found.model.value:.4f}, {evaluation.opponent.other} {found.other.value:.4f};"
        f" difference {found.difference.value:+.4f} (95%: {found.difference.low:+.4f} to {found.difference.high:+.4f})"
    )

    def call() -> dict[str, Any]:
        objective = run.rails.objective
        if objective is None:
            rule = f"{evaluation.metric} better than {evaluation.opponent.other}"
            return Blessing(evaluation.better, (Reason(rule, evaluation.better, f"{text}."),)).document()
        return judge_blessing(evaluation, objective, _facts(summary, quality)).document()

    verdict = msgspec.convert(run.step("bless", call), Verdict)
    run.say(f"{text}: {'blessed' if verdict.blessed else 'not blessed'}.")
    for reason in verdict.reasons:
        if not reason.met and run.rails.objective is not None:
            run.say(f"Not met: {reason.rule}. {reason.text}")
    return verdict


def _facts(summary: DataSummary, quality: Mapping[str, Any]) -> DataFacts:
    """Return what the checks of all stores came to together."""
    stores = quality["stores"].values()
    worst = next((one for one in ("fail", "warn", "pass") if one in {store["status"] for store in stores}), None)
    failed = {name for store in stores for name in (*store["failed"], *store["warned"])}
    return DataFacts(summary.interactions, worst, tuple(sorted(failed)))  # type: ignore[arg-type]


def register(
    run: RunInHand[DataT, ModelT], fitted: Fitted, content: BundleContent, begun: Begun, blessed: bool
) -> Manifest:
    """Put the bundle where versions are served from and make the version known."""

    def call() -> dict[str, Any]:
        whole = replace(content, arrays=fitted_bundle(run, fitted).arrays)
        return {"version": _place(run, whole, begun, blessed).version}

    version = run.step("register", call)["version"]
    run.say(f"Registered {content.model} as version {version}.")
    return read_manifest(run.rails.models / run.system.name / version)


def _place(run: RunInHand[DataT, ModelT], content: BundleContent, begun: Begun, blessed: bool) -> Manifest:
    """Write and register a bundle; what an attempt before did of it already is left as it is."""
    manifest = write_bundle(run.rails.models, content, begun.moment)
    place = run.rails.models / run.system.name / manifest.version
    shutil.copyfile(run.folder / PARTS_FILE, place / PARTS_FILE)
    if (run.folder / DRIFT_REFERENCE).is_file():
        shutil.copyfile(run.folder / DRIFT_REFERENCE, place / DRIFT_REFERENCE)
    version = ModelVersion(
        system=run.system.name,
        version=manifest.version,
        model=content.model,
        folder=f"{run.system.name}/{manifest.version}",
        created_at=manifest.created_at,
        blessed=blessed,
        metrics=manifest.metrics,
        fingerprint=content.fingerprint,
        lineage=_lineage(run, content),
    )
    if version.version not in {one.version for one in run.rails.registry.versions(run.system.name)}:
        run.rails.registry.register(version)
    return manifest


def _lineage(run: RunInHand[DataT, ModelT], content: BundleContent) -> Lineage:
    """Return where a version comes from, as the registry keeps it."""
    facts = dict(content.lineage)
    return Lineage(
        run=run.run,
        objective=facts.pop("objective"),
        code=content.code_version,
        champion=facts.pop("champion"),
        facts=facts,
    )


def release(
    run: RunInHand[DataT, ModelT],
    manifest: Manifest,
    content: BundleContent,
    begun: Begun,
    cutoff: int,
    blessed: bool,
) -> Served:
    """Give the version its place: first champion, or challenger of the one that serves where it is blessed.

    Where nothing serves and the version is not blessed, the baseline becomes the first champion.
    """
    system, registry = run.system, run.rails.registry

    def call() -> dict[str, Any]:
        if (champion := registry.pointer(system.name, "champion")) is not None:
            if blessed:
                why = f"blessed next to {champion}"
                registry.point(system.name, "challenger", manifest.version, run.rails.who, why)
                run.say(f"Version {manifest.version} is the challenger; {champion} serves.")
            return {"champion": champion, "first_champion": None}
        version, why = manifest.version, "first champion: " + ("blessed" if blessed else "the baseline")
        if not blessed and run.model != system.baseline:
            run.say(f"{run.model} does not beat {system.baseline}, so {system.baseline} serves instead.")
            version = _stand_in(run, content, begun, cutoff).version
            why = f"first champion: {run.model} did not beat the baseline"
        registry.point(system.name, "champion", version, run.rails.who, why)
        run.say(f"Version {version} is the first champion.")
        return {"champion": version, "first_champion": version}

    return msgspec.convert(run.step("serve", call), Served)


def _stand_in(run: RunInHand[DataT, ModelT], content: BundleContent, begun: Begun, cutoff: int) -> Manifest:
    """Write and register the baseline, fitted on everything."""
    fitted = run.system.fit(run.system.baseline, run.data, {}, run.plan.seed)
    plan = {**content.lineage["plan"], "model": run.system.baseline, "trials": 0, "parameters": {}}
    own = replace(
        content,
        model=run.system.baseline,
        parameters=run.system.parameters(fitted),
        metrics=evaluated(run, cutoff, run.system.baseline, {}).document(),
        arrays=run.system.arrays(fitted, run.data),
        lineage={**content.lineage, "plan": plan},
    )
    return _place(run, own, begun, blessed=False)


def report(
    run: RunInHand[DataT, ModelT],
    manifest: Manifest,
    summary: DataSummary,
    cutoff: int,
    verdict: Verdict,
    **found: object,
) -> int:
    """Keep the report of the run and return its number.

    Args:
        found: What else the steps found, by the name under which it is kept.
    """
    body: dict[str, Any] = {
        "system": run.system.name,
        "run": run.run,
        "model": manifest.model,
        "version": manifest.version,
        "baseline": run.system.baseline,
        "metric": run.system.metric,
        "blessed": verdict.blessed,
        "reasons": msgspec.to_builtins(verdict.reasons),
        "cutoff": moment_of(cutoff).isoformat(),
        "seed": manifest.seed,
        "parameters": manifest.parameters,
        "data": msgspec.to_builtins(summary),
        "metrics": manifest.metrics,
        **msgspec.to_builtins(found),
    }
    return int(run.step("report", lambda: {"number": run.rails.reports.save("training", body)})["number"])
