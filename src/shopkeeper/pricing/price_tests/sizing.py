"""How long a test of prices must run, from the weeks before it; asked first, and no test without an answer."""

from __future__ import annotations

import math
from datetime import timedelta

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.foreseen_record import Chance, Foreseen
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.switchback import SwitchbackDesign
from shopkeeper.experiments.switchback_effect import levelled
from shopkeeper.experiments.switchback_plan import days_of_tile
from shopkeeper.experiments.switchback_power import SwitchbackPower, power_of
from shopkeeper.pricing.price_tests.measured import cells_of
from shopkeeper.pricing.shelf import Floats

HISTORY_WEEKS = 26
"""Weeks before a test that are asked how much clusters swing by themselves."""


def foreseen_prices(
    plan: ExperimentPlan, design: SwitchbackDesign, history: Floats
) -> tuple[Foreseen, SwitchbackPower]:  # fmt: skip
    """Return what a test needs and how likely it is to find what it is made for.

    Args:
        history: The primary metric of each cluster of the design on each day before, shape (clusters, days).
    Raises:
        NotEnoughData: less than one tile of it, or nothing was sold.
    """
    block = days_of_tile(plan)
    if history.shape[1] < block:
        raise NotEnoughData(
            f"{history.shape[1]} days of sales before the test say nothing of tiles that take {block}.",
            "Import the sales of half a year, or switch more often.",
        )
    alpha, effect = plan.stopping.alpha, plan.primary.minimum_uplift
    even = levelled(history, history.sum(axis=1))
    found = power_of(design, even, effect, alpha=alpha, power=plan.stopping.power)
    half = power_of(design, even, effect / 2, alpha=alpha, power=plan.stopping.power)
    plain = power_of(design, history, effect, alpha=alpha, power=plan.stopping.power)
    decided = plan.period.start + timedelta(days=design.days + math.ceil(plan.maturation_days))
    cells = cells_of(design)
    end = Chance(
        day=design.days + math.ceil(plan.maturation_days), date=decided, units=cells, planned=found.power,
        half=half.power, none=alpha,
    )  # fmt: skip
    foreseen = Foreseen(
        units_per_arm=cells, days=max(found.days_needed, block), decided_on=decided, planned_days=design.days,
        enough=found.power >= plan.stopping.power and found.smallest_p < alpha,
        cuped_factor=(found.smallest / plain.smallest) ** 2, looks_factor=1.0, chances=(end,),
    )  # fmt: skip
    return foreseen, found
