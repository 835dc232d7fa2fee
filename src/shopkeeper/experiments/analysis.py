"""An experiment analysed at one moment: are the arms sound, what is the effect, where, since when, and how sure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from shopkeeper.experiments.analysis_record import (
    Analysis,
    Estimate,
    Interval,
    MetricEffect,
    Point,
    SegmentEffect,
    Soundness,
    nothing,
)
from shopkeeper.experiments.arms import Form, arm_of
from shopkeeper.experiments.cuped import arms_theta, pooled_theta, variance_left
from shopkeeper.experiments.effect import Effect, adjusted_effect, t_test
from shopkeeper.experiments.figures import Allocation, Cell, TestFigures
from shopkeeper.experiments.live_test import CONTROL
from shopkeeper.experiments.moments import add_up
from shopkeeper.experiments.multiplicity import adjusted
from shopkeeper.experiments.novelty_of_arms import novelty_of_arms
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.sequential import sequence
from shopkeeper.experiments.srm import ALERT, Counts, mismatch_p, mismatch_repeated
from shopkeeper.objectives.catalogue import CATALOGUE

CROSSERS: Final = 0.01
"""Share of units seen in several arms above which the assignment is not what it should be."""


def analysed(plan: ExperimentPlan, figures: TestFigures, units_per_arm: int) -> Analysis:
    """Return what the figures say; only mature units count.

    Args:
        units_per_arm: Planned; the always-valid interval is narrowest there.
    """
    mature = [cell for cell in figures.cells if cell.mature]
    whole = [cell for cell in mature if not cell.segment]
    tuned = max(2 * units_per_arm, 2)
    alpha = plan.stopping.alpha
    effects = [
        _metric_effect(metric, arm.name, plan, whole, tuned)
        for metric in plan.metrics
        for arm in plan.others
        if CATALOGUE[metric].place != "service"
    ]
    holm = adjusted([one.best.p for one in effects], "holm")
    primary = plan.primary.metric
    return Analysis(
        experiment=plan.name,
        plan=plan.digest,
        at=figures.at,
        simulated=figures.simulated,
        soundness=soundness(figures.allocations),
        units={arm.name: _units(figures, arm.name) for arm in plan.arms},
        matured={arm.name: _matured(whole, primary, arm.name) for arm in plan.arms},
        effects=tuple(replace(one, p_holm=float(p)) for one, p in zip(effects, holm, strict=True)),
        over_time=tuple(
            point for arm in plan.others for point in _over_time(primary, arm.name, whole, alpha, tuned)
        ),
        segments=_segments(plan, [cell for cell in mature if cell.segment]),
        answered=figures.answered,
        not_measured=figures.not_measured,
        money=figures.money,
        novelty=novelty_of_arms(plan, figures),
    )  # fmt: skip


def soundness(allocations: Sequence[Allocation]) -> Soundness:
    """Return whether the arms have the sizes they should have, epoch by epoch and over all looks together."""
    counts = [
        Counts(tuple(map(float, _in_order(one.units, one.shares))), tuple(one.shares.values())) for one in allocations
    ]
    by_epoch = tuple(mismatch_p(one.users, one.weights) for one in counts)
    any_look = mismatch_repeated(counts)
    units = sum(sum(one.units.values()) for one in allocations)
    crossers = sum(one.crossers for one in allocations)
    share = crossers / (units + crossers) if units + crossers else 0.0
    reasons = []
    if any_look < ALERT or any(p < ALERT / max(len(by_epoch), 1) for p in by_epoch):
        reasons.append("the arms do not have the sizes they should have (sample-ratio mismatch)")
    if share > CROSSERS:
        reasons.append(f"{share:.1%} of the units were seen in more than one arm")
    return Soundness(
        valid=not reasons, srm_p=by_epoch, srm_any_look=any_look, crossers=crossers, crosser_share=share,
        reasons=tuple(reasons),
    )  # fmt: skip


def _in_order(units: dict[str, int], shares: dict[str, float]) -> list[int]:
    return [units.get(arm, 0) for arm in shares]


def _units(figures: TestFigures, arm: str) -> int:
    return sum(one.units.get(arm, 0) for one in figures.allocations)


def _matured(cells: Iterable[Cell], metric: str, arm: str) -> int:
    return sum(cell.n for cell in cells if cell.metric == metric and cell.arm == arm and not cell.cut)


def _metric_effect(metric: str, arm: str, plan: ExperimentPlan, cells: Sequence[Cell], tuned: int) -> MetricEffect:
    alpha = plan.stopping.alpha
    raw, cut = ([cell for cell in cells if cell.metric == metric and cell.cut == way] for way in (False, True))
    adjusted_raw = estimate(raw, arm, alpha, tuned, cuped=True)
    has_covariate = any(cell.covariate for cell in raw)
    return MetricEffect(
        metric=metric,
        arm=arm,
        adjusted=adjusted_raw if has_covariate else None,
        unadjusted=estimate(raw, arm, alpha, tuned, cuped=False),
        winsorised=estimate(cut, arm, alpha, tuned, cuped=has_covariate) if cut else None,
        p_holm=1.0,
        margin=plan.bounded.get(metric),
    )


def estimate(cells: Sequence[Cell], arm: str, alpha: float, tuned: int, *, cuped: bool) -> Estimate:
    """Return the effect of an arm against the control over all cells of one metric, epoch by epoch first.

    The weight of an epoch is its share of the units, which the allocation sets and no outcome moves.
    """
    parts = [_in_epoch([cell for cell in cells if cell.epoch == epoch], arm, cuped=cuped)
             for epoch in sorted({cell.epoch for cell in cells})]  # fmt: skip
    said = [(effect, left) for effect, left in parts if not effect.reason]
    total = sum(effect.n for effect, _ in said)
    if not total:
        reason = parts[0][0].reason if parts else "no unit has matured"
        return nothing(reason)
    share = [effect.n / total for effect, _ in said]
    joined = Effect(
        sum(w * effect.value for w, (effect, _) in zip(share, said, strict=True)),
        math.sqrt(sum((w * effect.error) ** 2 for w, (effect, _) in zip(share, said, strict=True))),
        said[0][0].freedom if len(said) == 1 else math.inf,
        total,
        sum(w * effect.control for w, (effect, _) in zip(share, said, strict=True)),
        sum(w * effect.treatment for w, (effect, _) in zip(share, said, strict=True)),
    )
    once, ever = t_test(joined, "two-sided", alpha), sequence(joined, "two-sided", alpha, tuned)
    return Estimate(
        n=total, control=joined.control, value=joined.treatment, relative=joined.value, error=joined.error,
        fixed=Interval.of(once), always=Interval.of(ever), p=once.p,
        p_always=ever.p, variance_left=sum(w * left for w, (_, left) in zip(share, said, strict=True)),
    )  # fmt: skip


def _in_epoch(cells: Sequence[Cell], arm: str, *, cuped: bool) -> tuple[Effect, float]:
    """Return the relative effect in one epoch, and the share of the variance that CUPED left."""
    form: Form = "ratio" if CATALOGUE[cells[0].metric].form == "ratio" else "mean"
    width = len(cells[0].totals)
    sums = [add_up([cell.sums for cell in cells if cell.arm == name], width) for name in (CONTROL, arm)]
    covariate = cells[0].covariate
    if covariate and not cuped:
        sums = [one.take(range(width // 2)) for one in sums]
    control, treatment = (arm_of(form, one) for one in sums)
    theta = 0.0
    if covariate and cuped:
        theta = pooled_theta(sums) if form == "mean" else arms_theta((control, treatment))
    return adjusted_effect(control, treatment, theta, "relative"), variance_left(control, treatment, theta)


def _over_time(metric: str, arm: str, cells: Sequence[Cell], alpha: float, tuned: int) -> Iterable[Point]:
    """Yield the effect over the units exposed up to each day."""
    own = [cell for cell in cells if cell.metric == metric and not cell.cut and cell.arm in {CONTROL, arm}]
    for day in sorted({cell.day for cell in own}):
        found = estimate([cell for cell in own if cell.day <= day], arm, alpha, tuned, cuped=True)
        if not found.reason:
            yield Point(arm=arm, day=day, n=found.n, relative=found.relative, fixed=found.fixed, always=found.always)


def _segments(plan: ExperimentPlan, cells: Sequence[Cell]) -> tuple[SegmentEffect, ...]:
    """Return the primary effect in each pre-registered group, p values by Holm over all of them."""
    own = [cell for cell in cells if cell.metric == plan.primary.metric and not cell.cut]
    allowed = [name for name in dict.fromkeys(cell.segment for cell in own) if name.partition("=")[0] in plan.segments]
    found = [
        (
            segment,
            arm.name,
            estimate([c for c in own if c.segment == segment], arm.name, plan.stopping.alpha, 2, cuped=True),
        )
        for segment in sorted(allowed)
        for arm in plan.others
    ]
    holm = adjusted([one.p for _, _, one in found], "holm")
    return tuple(
        SegmentEffect(segment=segment, arm=arm, estimate=one, p_holm=float(p))
        for (segment, arm, one), p in zip(found, holm, strict=True)
    )
