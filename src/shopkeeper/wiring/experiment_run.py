"""An experiment from its start to what was learnt: told to serving, read from the logs, judged, decided, reported."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from msgspec.structs import replace

from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.experiments.analysis import analysed
from shopkeeper.experiments.analysis_record import Analysis
from shopkeeper.experiments.figures import TestFigures
from shopkeeper.experiments.log_record import Choice, ExperimentRecord, KeptAnalysis, Resolution
from shopkeeper.experiments.outcome import ended_once, judged
from shopkeeper.experiments.report import Report, report_page
from shopkeeper.experiments.starting import live_test
from shopkeeper.wiring.experiments import CheckedPlan

Gather = Callable[[ExperimentRecord, datetime], TestFigures]
"""Reads what the logs say about an experiment at a moment; nothing newer is in it."""


def start(state: State, checked: CheckedPlan, person: str, now: datetime) -> ExperimentRecord:
    """Freeze a plan, keep it, and tell serving of it; an experiment that was kept and not told is told now.

    Raises:
        ContractNotMet: it would share shoppers with a running test, or its days do not suffice.
        InputError: there was one of its name before, or nothing says what is expected.
    """
    plan = checked.plan
    if checked.in_the_way:
        raise ContractNotMet(
            f"{plan.name} would share shoppers: {'; '.join(checked.in_the_way)}.",
            "Give it a range of the layer of its own.",
        )
    if checked.foreseen is None:
        raise InputError(
            f"Nobody knows how many shoppers {plan.name} needs.",
            "Write `expected` into its plan, with figures of today.",
        )
    if not checked.foreseen.enough:
        raise ContractNotMet(
            f"{plan.name} needs {checked.foreseen.days} days and has {plan.period.days}.",
            "Give it the days, or plan for a larger uplift.",
        )
    record = ExperimentRecord(
        plan=plan, digest=plan.digest, units_per_arm=checked.foreseen.units_per_arm, foreseen=checked.foreseen,
        aa=checked.aa, simulated=checked.simulated, started_at=now, started_by=person,
    )  # fmt: skip
    kept = next((one for one in state.experiments.all() if one.name == plan.name), None)
    if kept is None or kept.digest != plan.digest or kept.state != "running":
        state.experiments.begin(record)
    else:
        record = kept
    state.live_tests.put(live_test(plan, f"{plan.name}-{plan.digest[:16]}"), person, plan.title)
    return record


def stop(state: State, name: str, person: str, why: str, now: datetime) -> ExperimentRecord:
    """Let the champion answer everyone again, and note who ended it and why; what units do is counted on."""
    state.experiments.get(name)
    state.live_tests.remove(name, person, why)
    return state.experiments.stop(name, now, person, why)


def analyze(state: State, name: str, gather: Gather, now: datetime) -> KeptAnalysis:
    """Read the logs, judge by the frozen plan and keep the analysis; every look is kept, so none is free."""
    record = state.experiments.get(name)
    return keep_judged(state, record, analysed(record.plan, gather(record, now), record.units_per_arm), now)


def keep_judged(state: State, record: ExperimentRecord, found: Analysis, now: datetime) -> KeptAnalysis:
    """Judge what was found by the frozen plan and the looks before, and keep it."""
    kept = reversed(state.experiments.analyses(record.name))
    before = [one.analysis.verdict for one in kept if one.analysis.verdict is not None]
    earlier = sorted({one.fraction for one in before if one.critical is not None})
    verdict = ended_once(judged(record.plan, found, record.units_per_arm, earlier, over=is_over(record, now)), before)
    complete = replace(found, verdict=verdict)
    return KeptAnalysis(number=state.experiments.keep(complete), analysis=complete)


def is_over(record: ExperimentRecord, now: datetime) -> bool:
    """Say whether no more units will mature: the exposures have ended and their window is closed."""
    planned = datetime.combine(record.plan.period.end + timedelta(days=1), time(), UTC)
    ended = planned if record.stopped_at is None else min(record.stopped_at, planned)
    return now >= ended + timedelta(days=math.ceil(record.plan.maturation_days) + 1)


def decide(
    state: State, name: str, person: str, choice: Choice, why: str, learning: str, now: datetime
) -> Resolution:  # fmt: skip
    """Keep what a person decided on the newest analysis. Raises ContractNotMet where there is none."""
    state.experiments.get(name)
    kept = state.experiments.analyses(name, 1)
    if not kept or kept[0].analysis.verdict is None:
        raise ContractNotMet(
            f"{name} was not analysed, so there is nothing to decide on.",
            f"First: `shopkeeper experiment analyze {name}`.",
        )
    resolution = Resolution(
        experiment=name, at=now, person=person, choice=choice, why=why, learning=learning, analysis=kept[0].number,
        outcome=kept[0].analysis.verdict.outcome,
    )  # fmt: skip
    return replace(resolution, number=state.experiments.resolve(resolution))


def report_of(state: State, name: str) -> Report:
    """Return everything that is known of an experiment. Raises InputError for an unknown name."""
    record = state.experiments.get(name)
    kept = state.experiments.analyses(name, 1)
    newest = kept[0] if kept else None
    return Report(
        record, newest.number if newest else 0, newest.analysis if newest else None, state.experiments.resolutions(name)
    )


def write_report(report: Report, path: Path) -> None:
    """Write the page of an experiment. Raises InputError where it cannot be written."""
    try:
        path.write_text(report_page(report), "utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", "Name a file you may write to.") from error
