"""The first half of a run: from the sources to rows that may teach and rows that judge."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from shopkeeper.errors import ContractNotMet, FieldProblem, NotEnoughData
from shopkeeper.monitoring.reference import FILE as DRIFT_REFERENCE
from shopkeeper.quality.verdict import QualityVerdict
from shopkeeper.training.in_hand import RunInHand
from shopkeeper.training.ports import DataSummary, DataT, ModelT
from shopkeeper.training.split import three_way_split, time_split

PARTS_FILE: Final = "parts.json"
"""The parts of what was read, each with its hash; it goes with the version, so that a repetition can be compared."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a run set out with.

    Attributes:
        moment: When it began, UTC; it names the version.
        environment: What it began on.
    """

    moment: datetime
    environment: dict[str, str]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where time is cut.

    Attributes:
        cutoff: First moment of the test, microseconds since 1970 UTC.
        rows: Rows of each part.
    """

    cutoff: int
    rows: dict[str, int]


def begin(run: RunInHand[DataT, ModelT]) -> Begun:
    """Note the moment and the environment, once: a run that goes on after a crash keeps both."""
    found = run.step("begin", lambda: {"moment": run.rails.clock(), "environment": dict(run.rails.environment)})
    return msgspec.convert(found, Begun)


def extract(run: RunInHand[DataT, ModelT], begun: Begun) -> DataSummary:
    """Read what happened before the plan's end, as far as it was known when the run began, and keep it in its folder.

    So a repetition reads the same rows, whatever came in since: late events, an import of the past.

    Raises:
        NotEnoughData: too few interactions or products; says how many there are and are needed.
    """
    until, known = run.plan.until, run.plan.known or begun.moment

    def call() -> dict[str, Any]:
        run.say(f"Reading {run.system.nouns.rows}{f' before {until:%Y-%m-%d %H:%M}' if until else ''} ...")
        data = run.system.extract(until, known)
        found = run.system.summary(data)
        _enough(run, found)
        started = time.perf_counter()
        run.keep(data)
        (run.folder / PARTS_FILE).write_bytes(msgspec.json.encode(run.system.parts(data)))
        return {**msgspec.to_builtins(found), "beside_seconds": time.perf_counter() - started}

    found = msgspec.convert(run.step("extract", call), DataSummary)
    nouns = run.system.nouns
    run.say(
        f"Read {found.interactions:,} {nouns.rows} of {found.shoppers:,} {nouns.subjects}, {found.products:,} products"
        f" and {found.stores} store(s)."
    )
    return found


def _enough(run: RunInHand[DataT, ModelT], found: DataSummary) -> None:
    objective = run.rails.objective
    least = run.plan.minimum_interactions if objective is None else objective.data.minimum_interactions
    for name, there, needed in (
        (run.system.nouns.rows, found.interactions, max(least, run.plan.minimum_interactions)),
        ("products", found.products, 2),
    ):
        if there < needed:
            raise NotEnoughData(
                f"There are {there:,} {name} to train on; {needed:,} are needed.",
                "Import more history with `shopkeeper import`, or lower `training.minimum_interactions`"
                f" in shopkeeper.toml. {run.system.nouns.remedy}",
            )


def validate(run: RunInHand[DataT, ModelT], summary: DataSummary) -> dict[str, Any]:
    """Go on only over data whose check passed, or for a reason that is kept.

    Returns:
        Store -> number, status and failed figures of its check, and the reason it did not count.

    Raises:
        ContractNotMet: a store's data do not meet their limits; names them and what to do.
    """

    def call() -> dict[str, Any]:
        verdicts = run.rails.verdicts(summary.last)
        wrong = tuple(problem for verdict in verdicts for problem in _wrong(run, verdict))
        ignored = run.plan.ignore_quality
        if wrong and not ignored:
            raise ContractNotMet(
                f"The data do not meet {len(wrong)} of their limits, so nothing is learnt from them.",
                "Mend them and run `shopkeeper check`, or give a reason that is kept: `--ignore-quality REASON`.",
                wrong,
            )
        if wrong:
            named = [f"{problem.field}: {problem.reason}" for problem in wrong]
            run.rails.note("training.quality_ignored", {"run": run.run, "reason": ignored, "failed": named})
        stores = {
            one.store: {
                "report": one.number,
                "status": one.status,
                "failed": list(one.failed),
                "warned": list(one.warned),
            }
            for one in verdicts
        }
        return {"stores": stores, "ignored": ignored if wrong else ""}

    found = run.step("validate", call)
    if found["ignored"]:
        run.say(f"The data do not meet their limits; trained on all the same: {found['ignored']}.")
    return {"stores": found["stores"], "ignored": found["ignored"]}


def _wrong(run: RunInHand[DataT, ModelT], verdict: QualityVerdict) -> list[FieldProblem]:
    """Return what is wrong with the data of one store, by their own contract and by the objective."""
    remedy = f"See `shopkeeper check --store {verdict.store}`."
    failed = [FieldProblem(name, f"store {verdict.store} is outside its hard limit", remedy) for name in verdict.failed]
    objective = run.rails.objective
    if objective is None:
        return failed
    return failed + [
        FieldProblem(name, f"store {verdict.store}: the objective asks that it passes, it warns", remedy)
        for name in objective.data.checks
        if name in verdict.warned
    ]


def refresh_features(run: RunInHand[DataT, ModelT], summary: DataSummary) -> dict[str, Any]:
    """Bring the feature tables up to the newest row that is learnt from, and keep what the data look like then."""
    until = run.plan.until or summary.last

    def call() -> dict[str, Any]:
        run.say("Bringing features up to date ...")
        if until is None:
            return {}
        refreshed = dict(run.rails.refresh_features(until))
        reference = run.rails.drift_reference(until)
        if reference is not None:
            (run.folder / DRIFT_REFERENCE).write_bytes(reference)
        return {**refreshed, "drift_reference": reference is not None}

    return run.step("features", call)


def split(run: RunInHand[DataT, ModelT]) -> Cuts:
    """Cut time into what teaches, what chooses parameters and what judges; no row is in two of them."""

    def call() -> dict[str, Any]:
        times, plan = run.system.times(run.data), run.plan
        if not plan.trials:
            final = time_split(times, plan.test_share, gap_seconds=plan.gap_seconds)
            rows = {"train": int(final.train.sum()), "validation": 0, "test": int(final.test.sum())}
            return {"cutoff": final.cutoff, "rows": rows}
        parts = three_way_split(times, plan.validation_share, plan.test_share, gap_seconds=plan.gap_seconds)
        rows = {name: int(getattr(parts, name).sum()) for name in ("train", "validation", "test")}
        return {"cutoff": parts.final.cutoff, "rows": rows}

    return msgspec.convert(run.step("split", call), Cuts)
