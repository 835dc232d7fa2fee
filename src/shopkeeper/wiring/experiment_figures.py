"""What reads the logs of a workspace for an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.experiments.currency_rates import load_rates
from shopkeeper.experiments.daily_sums import read_daily
from shopkeeper.experiments.figures import TestFigures
from shopkeeper.experiments.figures_of_sums import figures_of
from shopkeeper.experiments.log_record import ExperimentRecord
from shopkeeper.experiments.measuring import Asked, measured_of, rows_of_test, stores_named
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.wiring.experiment_run import Gather
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

SLOW_MS: Final = 100.0
"""Answers that take longer count as slow; the p99 beside them is as measured."""


@contextmanager
def gathering(settings: Settings, state: State) -> Iterator[Gather]:
    """Bring what was logged into the lake, open that and hand out what reads it.

    Raises:
        ConfigError: `metrics.yaml` or `rates.yaml` has mistakes.
        Unavailable: the logs cannot be read.
    """
    known, rates = load_metrics(settings.workspace.resolve()), load_rates(settings.workspace.resolve())
    every = tuple(row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store))
    lake = lake_of(settings)
    lake.compact()
    with Analytics(settings, lake).reading() as warehouse:

        def gather(record: ExperimentRecord, now: datetime) -> TestFigures:
            plan = record.plan
            asked = Asked(
                test=record.name, at=now, known=known, metrics=known.of_units(plan.metrics),
                attribution_days=plan.attribution_days, maturation_days=plan.maturation_days, slow_ms=SLOW_MS,
                stores=stores_named(every, plan.stores), by_device="device" in plan.segments, rates=rates,
            )  # fmt: skip
            primary = next((one for one in asked.metrics if one.name == plan.primary.metric), None)
            with rows_of_test(warehouse, asked) as rows:
                daily = read_daily(rows, primary) if primary is not None else None
                found = measured_of(rows)
            return figures_of(plan, asked, found, daily, simulated=record.simulated)

        yield gather
