"""What a test of prices says at one moment, as the record the rails judge, keep and show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
from msgspec.structs import replace

from shopkeeper.experiments.analysis_record import Analysis, ArmNovelty, Estimate, MetricEffect, Soundness, nothing
from shopkeeper.experiments.live_test import CONTROL
from shopkeeper.experiments.multiplicity import adjusted
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.switchback import SwitchbackDesign
from shopkeeper.experiments.switchback_carry_over import since_switch
from shopkeeper.experiments.switchback_effect import estimated, estimated_share, first_blocks
from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.price_tests.takings import Takings
from shopkeeper.pricing.price_tests.validity import Validity

RATE: Final = "margin_rate"
REFUNDS: Final = "refund_share"
OF_COSTS: Final = ("margin", RATE)


def cells_of(design: SwitchbackDesign) -> int:
    """Return the cells (a cluster in a period) of one arm."""
    return 2 * design.tiles


def matured_blocks(test: PriceTest, plan: ExperimentPlan, at: datetime, days_over: int) -> int:
    """Return how many blocks of tiles are over, with the returns of their last day in; by UTC days, a day late.

    Args:
        days_over: Days of the test that are over in every store; none is added after it was stopped.
    """
    block = 2 * test.design.apart * test.design.period_days
    final = (at - timedelta(days=plan.maturation_days + 1)).date()
    days = min((final - test.start).days, days_over)
    return min(max(days // block, 0), len(test.design.coins[0]))


def analysed_prices(
    plan: ExperimentPlan,
    test: PriceTest,
    during: Takings,
    before: Takings,
    validity: Validity,
    blocks: int,
    at: datetime,
    *,
    simulated: bool,
    currency: str,
) -> Analysis:
    """Return what a test says.

    Args:
        during: From the test's first day on.
        blocks: Of tiles, that have matured; only these are looked at.
        before: The time before, by which pairs are brought to one level.
    """
    so_far = first_blocks(test.design, blocks)
    (arm,) = (one.name for one in plan.others)
    effects = [_effect(plan, metric, arm, so_far, during, before) for metric in plan.metrics]
    holm = adjusted([one.best.p for one in effects], "holm")
    cells = {name: cells_of(test.design) for name in (CONTROL, arm)}
    return Analysis(
        experiment=plan.name, plan=plan.digest, at=at, simulated=simulated, soundness=_soundness(validity),
        units=cells, matured=dict.fromkeys(cells, cells_of(so_far)),
        effects=tuple(replace(one, p_holm=float(p)) for one, p in zip(effects, holm, strict=True)),
        over_time=(), segments=(), answered={}, not_measured=_not_measured(during), money=currency,
        novelty=_since_switch(plan, arm, so_far, during, before),
    )  # fmt: skip


def effect_on(
    metric: str, design: SwitchbackDesign, during: Takings, before: Takings, alpha: float
) -> tuple[Estimate | None, Estimate]:
    """Return the effect on a metric: adjusted by the time before where it is a sum, and unadjusted.

    Args:
        design: As many blocks of it as are looked at.
        during, before: As for `analysed_prices`.
        alpha: Chance that the truth lies outside the interval, two-sided.
    """
    if not design.tiles:
        return None, nothing("no block of tiles has matured")
    if metric in OF_COSTS and not during.costed.any():
        return None, nothing("nobody said what the goods cost")
    there = during.between(during.first, design.days)
    if metric == RATE:
        return None, estimated_share(design, there.margin, there.costed, alpha)
    if metric == REFUNDS:
        return None, estimated_share(design, there.returned, there.revenue + there.returned, alpha)
    both = estimated(design, there.of(metric), before.of(metric).sum(axis=1), alpha)
    return both.adjusted, both.unadjusted


def _effect(
    plan: ExperimentPlan, metric: str, arm: str, design: SwitchbackDesign, during: Takings, before: Takings
) -> MetricEffect:
    even, raw = effect_on(metric, design, during, before, plan.stopping.alpha)
    return MetricEffect(
        metric=metric, arm=arm, adjusted=even, unadjusted=raw, winsorised=None, p_holm=1.0,
        margin=plan.bounded.get(metric),
    )  # fmt: skip


def _since_switch(
    plan: ExperimentPlan, arm: str, design: SwitchbackDesign, during: Takings, before: Takings
) -> tuple[ArmNovelty, ...]:
    """Return whether the primary effect goes with the days since a switch; nothing before a block has matured."""
    if not design.tiles:
        return ()
    metric = plan.primary.metric
    values, level = during.between(during.first, design.days).of(metric), before.of(metric).sum(axis=1)
    return (since_switch(design, values, level, plan.stopping.alpha, arm),)


def _soundness(validity: Validity) -> Soundness:
    """Return soundness in the words of the rails: a price day in the wrong arm is a unit that crossed over."""
    return Soundness(
        valid=not validity.reasons, srm_p=(), srm_any_look=1.0,
        crossers=validity.otherwise + validity.mismatched, crosser_share=validity.wrong_share, reasons=validity.reasons,
    )  # fmt: skip


def _not_measured(during: Takings) -> dict[str, str]:
    covered = float(np.sum(during.costed)), float(np.sum(during.revenue))
    if covered[1] > 0 and covered[0] < covered[1] * (1 - 1e-9):
        part = f"{1 - covered[0] / covered[1]:.1%} of the revenue is of goods whose cost nobody knows, and is not in it"
        return dict.fromkeys(OF_COSTS, part)
    return {}
