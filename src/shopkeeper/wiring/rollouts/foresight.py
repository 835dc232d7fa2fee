"""What the last weeks say about a test to come: how each metric is today, and how many new units a day brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.arms import arm_of
from shopkeeper.experiments.live_test import HOLDOUT
from shopkeeper.experiments.sizing import Baseline
from shopkeeper.experiments.unit_sums import TestCell, TestSums
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.ports import Foresight
from shopkeeper.wiring.rollouts.everybody import sums_of_everybody
from shopkeeper.wiring.settings import Settings

WEEKS: Final = 4
FEWEST_UNITS: Final = 200
"""Fewer units say too little of a variance to plan by."""


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
        sums = sums_of_everybody(
            self._settings, objective.system, (objective.primary.metric, *(one.metric for one in objective.guardrails)),
            first, at, attribution_days=objective.attribution_days, maturation_days=objective.maturation_days,
        )  # fmt: skip
        cells = [cell for cell in sums.chosen() if cell.variant != HOLDOUT]
        units, arrivals = sum(cell.units for cell in cells), _arrivals(cells, first, at.date())
        if units < FEWEST_UNITS or not arrivals:
            raise NotEnoughData(
                f"The last {WEEKS} weeks hold answers to {units:,} shoppers; {FEWEST_UNITS:,} are needed to plan by.",
                "Wait, or name the units with `--units-per-arm` (`rollout.units_per_arm` for every rollout).",
            )
        return Foresight(dict(_baselines(sums, cells)), arrivals)


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
