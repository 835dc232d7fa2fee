"""How a version of the pricing model is tested on its way up: the plan of each step's test, from the objective."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, FieldProblem, InputError
from shopkeeper.experiments.live_test import CONTROL, TREATMENT
from shopkeeper.experiments.plan import (
    Consequences,
    ExperimentPlan,
    Goal,
    Period,
    PlannedArm,
    Stopping,
    SwitchedPrices,
)
from shopkeeper.experiments.switchback_plan import MEASURED, SHARES
from shopkeeper.objectives.contract import Objective, Secondary
from shopkeeper.pricing.price_tests.measured import cells_of
from shopkeeper.quality.local_days import zone_of
from shopkeeper.wiring.price_tests.drawing import foreseen_test
from shopkeeper.wiring.settings import Settings

SYSTEM: Final = "pricing"
ALPHA: Final = 0.05
"""Two-sided, of the one look at the end of a step's test."""
_RUN_TO_COME: Final = "to come"


def refuse_unmeasured(objective: Objective) -> None:
    """Let an objective of prices through only if clusters of goods can prove it. Raises InputError; names the metric.

    A rollback criterion nobody measures by cluster is let through: the verdicts say that it is not watched.
    """
    problems = [
        FieldProblem(path, f"is {metric}, which is not measured on clusters of goods", f"One of {', '.join(MEASURED)}.")
        for path, metric in _deciding(objective)
        if metric not in MEASURED or (path == "primary.metric" and metric in SHARES)
    ]
    if problems:
        raise InputError(
            "objectives/pricing.yaml asks a proof of prices that no test by switchback gives.",
            "Name what is measured by cluster, or watch the metric elsewhere and leave it out.", tuple(problems),
        )  # fmt: skip


def step_plan(
    settings: Settings, objective: Objective, name: str, start: date, days: int, *, share: float, run: str
) -> ExperimentPlan:
    """Return the plan of the test of one step.

    Args:
        share: Of all cells at the version's prices, as the ramp has it.
        run: Approved run whose prices are tested.
    """
    told = settings.rollout.prices
    guarded = tuple(one for one in objective.guardrails if one.metric in MEASURED)
    others = tuple(one.metric for one in objective.rollback if one.metric in MEASURED)
    return ExperimentPlan(
        version=1, name=name, title=f"Rollout of prices, {name}",
        hypothesis=f"Prices of {name} bring what the objective {objective.name} asks for over those that stand.",
        owner=objective.owner, system=SYSTEM, unit="switchback",
        period=Period(start=start, end=start + timedelta(days=days - 1)),
        arms=(
            PlannedArm(name=CONTROL, share=0.5, words="The prices that stand"),
            PlannedArm(name=TREATMENT, share=0.5, words="The prices of the version that is rolled out"),
        ),
        primary=Goal(metric=objective.primary.metric, minimum_uplift=objective.primary.minimum_uplift),
        secondary=tuple(Secondary(metric=one) for one in dict.fromkeys(others)), guardrails=guarded,
        attribution_days=0, maturation_days=objective.maturation_days,
        prices=SwitchedPrices(
            run=run, clusters=told.clusters, depth=told.depth, period_days=told.period_days,
            washout_days=told.washout_days, share=share, mismatch_share=told.mismatch_share,
        ),
        stopping=Stopping(rule="fixed", alpha=ALPHA, power=max(settings.rollout.power, 0.5)),
        consequences=Consequences(
            wins="The rollout goes on.", loses="The rollout is taken back.", flat="The rollout is taken back."
        ),
        tags=("rollout",),
    )  # fmt: skip


def planned_cells(settings: Settings, state: State, objective: Objective, at: datetime) -> tuple[int, float]:
    """Return cells of one arm with which the step `ramp` finds the uplift asked for, and how many a day brings.

    Every category is taken to be moved by the run to come.

    Raises:
        NotEnoughData: too few sales or clusters to plan by.
        ContractNotMet: the test would take longer than the settings allow, or stores have several currencies.
    """
    block, share = days_of_block(settings), settings.rollout.steps[-2].share
    start = first_day(state, at)
    plan = step_plan(settings, objective, "foreseen", start, block, share=share, run=_RUN_TO_COME)
    found = foreseen_test(settings, state, plan, at)
    blocks = max(math.ceil(found.foreseen.days / block), 1)
    weeks, most = math.ceil(blocks * block / 7), settings.rollout.maximum_weeks
    if weeks > most:
        raise ContractNotMet(
            f"A test of prices that finds {objective.primary.minimum_uplift:+.0%} {objective.primary.metric} with"
            f" chance {settings.rollout.power:.0%} takes about {weeks} weeks; {most} are allowed. In {block / 7:g}"
            f" weeks it sees {found.power.smallest:.1%} or more.",
            "Plan for a larger uplift, take smaller clusters (`rollout.prices.depth`), allow more weeks"
            " (`rollout.maximum_weeks`), or name the cells yourself with `--units-per-arm`.",
        )
    cells = cells_of(found.test.design)
    return cells * blocks, cells / block


def days_of_block(settings: Settings) -> int:
    """Return the days in which every cluster takes both arms once."""
    return 2 * settings.rollout.prices.period_days


def first_day(state: State, at: datetime) -> date:
    """Return tomorrow, by the store's clock that is furthest ahead: the first day that is whole in every store."""
    return max((at.astimezone(zone).date() for zone in _zones(state)), default=at.date()) + timedelta(days=1)


def last_start(state: State, limit: datetime) -> datetime:
    """Return until when a test can be begun whose `first_day` lies before a moment."""
    midnights = (datetime.combine(limit.date(), time(), zone).astimezone(UTC) for zone in _zones(state))
    return min(midnights, default=limit)


def _zones(state: State) -> list[ZoneInfo]:
    return [zone_of(row.row.time_zone) for row in state.tables.scan(STORES) if isinstance(row.row, Store)]


def _deciding(objective: Objective) -> Iterator[tuple[str, str]]:
    yield "primary.metric", objective.primary.metric
    for place, one in enumerate(objective.guardrails):
        yield f"guardrails[{place}].metric", one.metric
