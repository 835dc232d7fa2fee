"""How long an experiment takes and how likely it decides by which day, before the first shopper is in it."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
from msgspec import Struct

from shopkeeper.experiments.group_sequential import boundaries, crossing, required_drift
from shopkeeper.experiments.plan import Expected, ExperimentPlan
from shopkeeper.experiments.power import units_needed

WEEK = 7


class Chance(Struct, frozen=True, kw_only=True):
    """How likely a decision has come by a day, if the uplift is the smallest one worth having."""

    day: int
    date: date
    units: int
    chance: float


class Foreseen(Struct, frozen=True, kw_only=True):
    """What a plan needs.

    Attributes:
        units_per_arm: Of the smallest arm, mature, at which all of alpha is spent.
        units: Of all arms.
        days: Days with exposures, in whole weeks.
        decided_on: Day on which the last of them has matured.
        planned_days: Days that the plan has.
        enough: The plan's days are no fewer than are needed.
        cuped_factor: Share of the units that the time before exposure leaves to be needed.
        looks_factor: What looking more than once costs in units.
        chances: At each planned look.
    """

    units_per_arm: int
    units: int
    days: int
    decided_on: date
    planned_days: int
    enough: bool
    cuped_factor: float
    looks_factor: float
    chances: tuple[Chance, ...]


def foreseen(plan: ExperimentPlan, expected: Expected) -> Foreseen:
    """Return units and days a plan needs for its primary metric, each other arm against the control."""
    stopping, least = plan.stopping, min(arm.share for arm in plan.others)
    alpha = stopping.alpha / len(plan.others)
    shares = (plan.control.share, least)
    left = 1 - expected.pre_correlation**2
    difference = plan.primary.minimum_uplift * expected.value
    fixed = units_needed(difference, [left * expected.deviation**2] * 2, shares, alpha, stopping.power)
    fractions = _looks(plan)
    critical = boundaries(fractions, alpha, sides="two-sided")
    drift = required_drift(fractions, list(critical), stopping.power, "two-sided")
    once = required_drift((1.0,), [float(boundaries((1.0,), alpha, sides="two-sided")[0])], stopping.power, "two-sided")
    factor = (drift / once) ** 2
    of_smallest = min(shares) / sum(shares)
    units_per_arm = math.ceil(fixed * factor * of_smallest)
    units = math.ceil(units_per_arm / min(arm.share for arm in plan.arms) * sum(arm.share for arm in plan.arms))
    days = math.ceil(math.ceil(units / expected.units_per_day) / WEEK) * WEEK
    decided = np.cumsum(crossing(fractions, list(critical), drift, "two-sided").upper)
    return Foreseen(
        units_per_arm=units_per_arm,
        units=units,
        days=days,
        decided_on=plan.period.start + timedelta(days=days - 1 + math.ceil(plan.maturation_days)),
        planned_days=plan.period.days,
        enough=days <= plan.period.days,
        cuped_factor=left,
        looks_factor=factor,
        chances=tuple(
            _chance(plan, units, expected, fraction, float(found))
            for fraction, found in zip(fractions, decided, strict=True)
        ),
    )


def _looks(plan: ExperimentPlan) -> tuple[float, ...]:
    looks = 1 if plan.stopping.rule == "fixed" else plan.stopping.looks
    return tuple((place + 1) / looks for place in range(looks))


def _chance(plan: ExperimentPlan, units: int, expected: Expected, fraction: float, chance: float) -> Chance:
    exposed = math.ceil(fraction * units / expected.units_per_day)
    day = exposed + math.ceil(plan.maturation_days)
    return Chance(
        day=day, date=plan.period.start + timedelta(days=day - 1), units=math.ceil(fraction * units), chance=chance
    )
