"""What the last weeks say about a test to come: how each metric is today, and how many new units a day brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.arms import arm_of
from shopkeeper.experiments.live_test import HOLDOUT
from shopkeeper.experiments.measuring import Asked
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.metric_sums import whole_query
from shopkeeper.experiments.sizing import Baseline
from shopkeeper.experiments.unit_sums import TestCell, TestSums, read_sums
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.rollout.ports import Foresight
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_state import open_workspace_state

WEEKS: Final = 4
FEWEST_UNITS: Final = 200
"""Fewer units say too little of a variance to plan by."""
_OF_TEST: Final = "test = $test"
_OF_ANYBODY: Final = "$test = '' AND ts >= $start"
"""In place of the condition above: every decision from the first day on, whatever test it was of."""


class LogForesight:
    """Implements `rollout.ports.Foreseeing` over the logs of a workspace, as if the last weeks had been a test."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def foresee(self, objective: Objective, at: datetime) -> Foresight:
        """Return how each metric of an objective is today, and the units first seen on each day.

        Raises:
            ConfigError: `metrics.yaml` has mistakes.
            NotEnoughData: too few units or days to plan by; says how many.
            Unavailable: the logs cannot be read.
        """
        first = (at - timedelta(weeks=WEEKS)).date()
        sums = self._sums(objective, first, at)
        cells = [cell for cell in sums.chosen() if cell.variant != HOLDOUT]
        units, arrivals = sum(cell.units for cell in cells), _arrivals(cells, first, at.date())
        if units < FEWEST_UNITS or not arrivals:
            raise NotEnoughData(
                f"The last {WEEKS} weeks hold answers to {units:,} shoppers; {FEWEST_UNITS:,} are needed to plan by.",
                "Wait, or name the units with `--units-per-arm` (`rollout.units_per_arm` for every rollout).",
            )
        return Foresight(dict(_baselines(sums, cells)), arrivals)

    def _sums(self, objective: Objective, first: date, at: datetime) -> TestSums:
        settings = self._settings
        known = load_metrics(settings.workspace.resolve())
        names = (objective.primary.metric, *(one.metric for one in objective.guardrails))
        with open_workspace_state(settings) as state:
            stores = tuple(found.row for found in state.tables.scan(STORES) if isinstance(found.row, Store))
        asked = Asked(
            test="", at=at, known=known, metrics=known.of_units(names), attribution_days=objective.attribution_days,
            maturation_days=objective.maturation_days, slow_ms=objective.technical.p99_latency_ms, stores=stores,
        )  # fmt: skip
        question = asked.question(first, {})
        query, parameters = whole_query(question)
        anybody = NamedQuery(query.name, query.text.replace(_OF_TEST, _OF_ANYBODY))
        lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
        with Analytics(settings, lake).reading() as warehouse:
            return read_sums(question, warehouse.fetch(anybody, **parameters))


def foresight_of(settings: Settings) -> LogForesight:
    """Return what foresees for a workspace."""
    return LogForesight(settings)


def _arrivals(cells: list[TestCell], first: date, last: date) -> tuple[float, ...]:
    """Return the units first seen on each whole day since somebody was seen; the day that is not over says nothing."""
    seen = Counter[date]()
    for cell in cells:
        seen[cell.day] += cell.units
    days = [first + timedelta(days=day) for day in range((last - first).days)]
    counted = [float(seen[day]) for day in days]
    begun = next((place for place, units in enumerate(counted) if units), len(counted))
    return tuple(counted[begun:])


def _baselines(sums: TestSums, cells: list[TestCell]) -> Iterator[tuple[str, Baseline]]:
    for name in sums.metrics:
        added = sums.sums(name, cells)
        arm = arm_of("ratio" if CATALOGUE[name].form == "ratio" else "mean", added)
        yield name, Baseline.of(arm)
