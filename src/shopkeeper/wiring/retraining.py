"""Retraining of a workspace: what is measured, what is decided, and the run that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import NotEnoughData
from shopkeeper.jobs.ports import Jobs
from shopkeeper.monitoring.report import DriftReport
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective, Retraining
from shopkeeper.objectives.contract_file import load_objective
from shopkeeper.quality.ports import NamedQuery, ReportStore, Warehouse
from shopkeeper.quality.verdict import latest_verdict
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.retraining.decision import Block, Decision, PastRun, decide
from shopkeeper.retraining.measuring import measure_performance
from shopkeeper.retraining.served import Window, clicked_share
from shopkeeper.retraining.triggers import MeasuredPerformance, Trigger, new_features, performance, schedule
from shopkeeper.training.run import as_order, check_name
from shopkeeper.wiring.drift import compare
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.objectives import objectives_folder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, plan_of
from shopkeeper.wiring.training_job import SYSTEMS, TRAINING, learning_system, stores_of
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

REPORT_KIND: Final = "retraining"
WINDOW_DAYS: Final = 28
"""Days of matured labels that performance is judged on."""
REMEMBERED: Final = 400
"""Checks looked through for runs that triggers started."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One look at one system.

    Attributes:
        run: Id of the run that was started; None where none was.
        approval: What the objective says about a blessed version: `automatic` or `awaiting`.
    """

    decision: Decision
    run: str | None
    approval: str

    def document(self) -> dict[str, Any]:
        """Return it as it is stored and printed."""
        return self.decision.document() | {"run": self.run, "approval": self.approval}


def check_retraining(
    settings: Settings, system: str, now: datetime | None = None, *, who: str, start: bool = True
) -> Checked:
    """Look at the four reasons to train again, decide, keep the decision, and start the run where it is due.

    Args:
        now: The time; a simulated one in evaluations.
        who: Who looks, for the audit.
        start: False only says what would be done, and keeps nothing.

    Raises:
        InputError: no such system.
        ConfigError: the objective cannot be read.
        Unavailable: the database of jobs does not answer.
    """
    check_name(system, SYSTEMS)
    moment = now or datetime.now(UTC)
    objective = load_objective(objectives_folder(settings), system)
    rules = _rules(objective)
    with open_workspace_state(settings) as state, opened_jobs(settings) as opened:
        triggers, blocks = _evidence(settings, state, system, objective, moment)
        past = _past(state.reports, system)
        in_flight = next((one.run for one in opened.jobs.unfinished() if _is(one.kind, one.subject, system)), None)
        decision = decide(system, rules, triggers, blocks, past, in_flight, moment)
        if not start:
            return Checked(decision, None, rules.approval)
        run = _start(settings, opened.jobs, state, decision, who) if decision.action == "start" else None
        checked = Checked(decision, run, rules.approval)
        state.reports.save(REPORT_KIND, checked.document())
        if decision.action != "nothing":
            state.audit.write(
                who, f"retraining.{decision.action}", {"system": system, "reason": decision.reason, "run": run}
            )
        return checked


def retrain_now(settings: Settings, system: str, why: str, *, who: str) -> str:
    """Start a run because a person says so, and return its id; it counts against budget and distance of later ones."""
    check_name(system, SYSTEMS)
    moment = datetime.now(UTC)
    with open_workspace_state(settings) as state, opened_jobs(settings) as opened:
        decision = Decision(system, moment, "start", f"asked for: {why}", ())
        run = _start(settings, opened.jobs, state, decision, who)
        approval = _rules(load_objective(objectives_folder(settings), system)).approval
        state.reports.save(REPORT_KIND, Checked(decision, run, approval).document())
        state.audit.write(who, "retraining.start", {"system": system, "reason": decision.reason, "run": run})
    return run


def _rules(objective: Objective | None) -> Retraining:
    return Retraining() if objective is None else objective.retraining


def _is(kind: str, subject: str, system: str) -> bool:
    return (kind, subject) == (TRAINING, system)


def _start(settings: Settings, jobs: Jobs, state: State, decision: Decision, who: str) -> str:
    """Order a run of the model that serves, with what a person set of it, on everything before the decision."""
    serving = state.registry.pointer(decision.system, "champion")
    version = None if serving is None else state.registry.get(decision.system, serving)
    plan = plan_of(settings, Asked(None if version is None else version.model, decision.at), decision.system)
    if version is not None:
        plan = replace(plan, parameters=version.lineage.facts.get("plan", {}).get("parameters", {}))
    return jobs.enqueue(TRAINING, decision.system, {"plan": as_order(plan), "who": who, "reason": decision.reason}, who)


def _past(reports: ReportStore, system: str) -> list[PastRun]:
    """Return the runs that were started before, from the decisions kept."""
    return [
        PastRun(str(body["run"]), datetime.fromisoformat(body["at"]))
        for body in newest_checks(reports, REMEMBERED)
        if body["system"] == system and body["action"] == "start"
    ]


def _evidence(
    settings: Settings, state: State, system: str, objective: Objective | None, now: datetime
) -> tuple[list[Trigger], list[Block]]:
    rules = _rules(objective)
    versions = state.registry.versions(system)
    due = schedule(rules.schedule, max((_trained_at(one) for one in versions), default=None), now)
    pointer = state.registry.pointer(system, "champion")
    if pointer is None:
        return [due], _quality_blocks(state)
    newest = max(versions, key=_trained_at)
    serving = state.registry.get(system, pointer)
    with _reading(settings) as warehouse:
        drift = _drift(settings, state, warehouse, newest, now)
        measured = _measured(settings, state, warehouse, serving, objective, now)
    triggers = [
        performance(rules.performance, measured, _larger_is_better(rules)),
        _drift_trigger(drift),
        due,
        _feature_trigger(rules, drift),
    ]
    return triggers, _quality_blocks(state) + _feed_blocks(drift)


def _larger_is_better(rules: Retraining) -> dict[str, bool]:
    return {bound.metric: CATALOGUE[bound.metric].direction == "up" for bound in rules.performance}


def _drift(
    settings: Settings, state: State, warehouse: Warehouse, newest: ModelVersion, now: datetime
) -> DriftReport | None:
    """Compare with what the newest version was taught, blessed or not.

    Next to the version that serves, one drift would ask for a run every week until a version is blessed, and each of
    them would learn what the last one did. A version that was refused comes again by the schedule, on more of the new
    data; that the serving version has become bad is what `performance` looks at.
    """
    try:
        return compare(settings, state, warehouse, newest, now)
    except NotEnoughData:
        return None


def _drift_trigger(report: DriftReport | None) -> Trigger:
    if report is None or report.verdict == "insufficient data":
        return Trigger("drift", "no evidence", "Too few rows to say whether the data changed.")
    figures = {one.name: float(one.psi or 0.0) for one in report.drifted}
    if report.verdict == "drift":
        told = "; ".join(f"{one.name}: {one.reason}" for one in report.drifted[:3])
        return Trigger("drift", "fired", f"{len(report.drifted)} figure(s) drifted: {told}.", figures)
    return Trigger("drift", "quiet", f"The data say: {report.verdict}.", figures)


def _feature_trigger(rules: Retraining, report: DriftReport | None) -> Trigger:
    if report is None:
        return new_features(rules.new_features, None, {})
    then = {one.name: one.filled_then for one in report.found if one.filled_then is not None}
    now = {one.name: one.filled for one in report.found if one.filled is not None}
    return new_features(rules.new_features, then, now)


def _feed_blocks(report: DriftReport | None) -> list[Block]:
    """A broken feed blocks: what it teaches is the break."""
    if report is None or report.verdict != "broken feed":
        return []
    named = [str(feed) for feed in report.feeds] + [one.name for one in report.of("broken feed")]
    return [Block("broken feed", ", ".join(named[:5]))]


def _quality_blocks(state: State) -> list[Block]:
    blocks = []
    for found in state.tables.scan(STORES):
        store = cast("Store", found.row).store
        verdict = latest_verdict(state.reports, store)
        if verdict is not None and verdict.status == "fail":
            blocks.append(Block("data quality", f"{store}: {', '.join(verdict.failed[:3])} fail(s) the last check"))
    return blocks


@contextmanager
def _reading(settings: Settings) -> Iterator[Warehouse]:
    lake = lake_of(settings)
    lake.compact()
    with Analytics(settings, lake).reading() as warehouse:
        yield warehouse


def _measured(
    settings: Settings, state: State, warehouse: Warehouse, serving: ModelVersion, objective: Objective | None,
    now: datetime,
) -> Mapping[str, MeasuredPerformance]:  # fmt: skip
    """Measure every bounded metric on the newest labels that have matured."""
    wanted = [CATALOGUE[bound.metric] for bound in _rules(objective).performance]
    if not wanted:
        return {}
    matured = now - timedelta(days=_maturation_days(objective))
    found: dict[str, MeasuredPerformance] = {}
    if any(metric.place == "training" for metric in wanted):
        found |= _offline(settings, state, warehouse, serving, matured)
    if any(metric.name == "ctr" for metric in wanted):
        clicked = _clicked(warehouse, serving, matured)
        found |= {} if clicked is None else {"ctr": clicked}
    return found


def _maturation_days(objective: Objective | None) -> float:
    """Return when a click or purchase is known: the attribution window; refunds change no click and no rank."""
    return 0.0 if objective is None else objective.attribution_days


def _offline(
    settings: Settings, state: State, warehouse: Warehouse, serving: ModelVersion, matured: datetime
) -> Mapping[str, MeasuredPerformance]:
    """Ask the version as it serves about what happened since it was trained."""
    system = learning_system(settings, serving.system, warehouse, stores_of(state))
    data = system.extract(matured)
    since = max(_taught_until(serving), matured - timedelta(days=WINDOW_DAYS))
    blessed = {name: float(one["value"]) for name, one in serving.metrics.items() if _is_figure(one)}
    return measure_performance(
        system,
        system.open(open_bundle(settings.folder(settings.engines.models) / serving.folder)),
        data,
        since=since,
        matured=matured,
        blessed=blessed,
        minimum_cases=30,
        resamples=settings.training.bootstrap,
        seed=settings.training.seed,
    )


def _is_figure(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("value"), (int, float))


def _trained_at(version: ModelVersion) -> datetime:
    """Return the moment a version stands for: when it was trained, or the earlier moment its data were cut at."""
    until = version.lineage.facts.get("plan", {}).get("until")
    return version.created_at if until is None else min(version.created_at, datetime.fromisoformat(until))


def _taught_until(serving: ModelVersion) -> datetime:
    """Return when the data that a version learnt from ended."""
    last = serving.lineage.facts.get("data", {}).get("last")
    return serving.created_at if last is None else datetime.fromisoformat(last).astimezone(UTC)


def _clicked(warehouse: Warehouse, serving: ModelVersion, matured: datetime) -> MeasuredPerformance | None:
    """Compare the newest window of a version's answers with its first one; the first stands for its blessing."""
    query = NamedQuery.load("shopkeeper.wiring", "decisions_of_model")
    served = warehouse.fetch(query, system=serving.system, version=serving.version)
    if not len(served["first"]):
        return None
    first = min(served["first"].tolist()).replace(tzinfo=UTC)
    length = timedelta(days=WINDOW_DAYS)
    then = Window(first, first + length)
    now = Window(matured - length, matured)
    return clicked_share(warehouse, serving.system, serving.version, now, then if then.last <= now.first else None)


def newest_checks(reports: ReportStore, limit: int = 20) -> Sequence[Mapping[str, Any]]:
    """Return the newest decisions, newest first."""
    return [report.body for report in reports.latest(REPORT_KIND, limit)]
