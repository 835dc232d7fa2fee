"""How long an experiment takes and how likely it decides by which day, before the first shopper is in it."""

from __future__ import annotations

import math
from datetime import date, timedelta

import scipy

from shopkeeper.experiments.foreseen_record import Chance, Foreseen
from shopkeeper.experiments.plan import Expected, ExperimentPlan
from shopkeeper.experiments.planner import ComparedStep, Design, Traffic, plan_test
from shopkeeper.experiments.sizing import Baseline, PlannedMetric
from shopkeeper.objectives.catalogue import CATALOGUE

WEEK = 7


def foreseen(plan: ExperimentPlan, expected: Expected) -> Foreseen:
    """Return units and days a plan needs, by the smallest of its arms.

    Alpha is split evenly over the arms; one side of it plans the test, as an arm is to be better.
    """
    metric = PlannedMetric(
        plan.primary.metric, Baseline(expected.value, expected.deviation**2, expected.pre_correlation),
        plan.primary.minimum_uplift, direction=CATALOGUE[plan.primary.metric].direction,
    )  # fmt: skip
    share = min(arm.share for arm in plan.arms) * (plan.layer_to - plan.layer_from)
    alpha = plan.stopping.alpha / (2 * len(plan.others))
    if plan.stopping.rule == "fixed":
        return _once(plan, metric, expected.units_per_day * share, alpha)
    maturation = math.ceil(plan.maturation_days)
    traffic = Traffic((expected.units_per_day,), maturation)
    design = Design(
        alpha=alpha, power=plan.stopping.power, minimum_weeks=1, maximum_weeks=52,
        ramp=(ComparedStep(min(share, 0.5), 1),),
    )  # fmt: skip
    found = plan_test([metric], traffic, design)
    chances = (
        Chance(
            day=one.day, date=_date(plan, one.day), units=one.units_per_arm, planned=one.planned, half=one.half,
            none=one.none,
        )
        for one in found.chances
    )  # fmt: skip
    return _foreseen(
        plan, found.units_per_arm, WEEK * found.weeks, found.metrics[0].variance_left, found.sequential_inflation,
        tuple(chances), reached=found.reached,
    )  # fmt: skip


def _once(plan: ExperimentPlan, metric: PlannedMetric, units_per_day: float, alpha: float) -> Foreseen:
    """Return what one look at the end needs."""
    units = math.ceil(metric.units_alone(alpha, plan.stopping.power))
    days = math.ceil(math.ceil(units / (units_per_day * (1 - Traffic((1.0,)).holdout))) / WEEK) * WEEK
    left = 1 - metric.baseline.correlation**2
    day = days + math.ceil(plan.maturation_days)
    half = metric.signal / 2 * math.sqrt(units)
    found = float(scipy.special.ndtr(scipy.special.ndtri(alpha) + half))
    end = Chance(
        day=day, date=_date(plan, day), units=units, planned=plan.stopping.power, half=found, none=alpha
    )  # fmt: skip
    return _foreseen(plan, units, days, left, 1.0, (end,), reached=True)


def _foreseen(
    plan: ExperimentPlan,
    units: int,
    days: int,
    left: float,
    looks: float,
    chances: tuple[Chance, ...],
    *,
    reached: bool,
) -> Foreseen:
    return Foreseen(
        units_per_arm=units, days=days, decided_on=_date(plan, days + math.ceil(plan.maturation_days)),
        planned_days=plan.period.days, enough=reached and days <= plan.period.days, cuped_factor=left,
        looks_factor=looks, chances=chances,
    )  # fmt: skip


def _date(plan: ExperimentPlan, day: int) -> date:
    return plan.period.start + timedelta(days=day - 1)
