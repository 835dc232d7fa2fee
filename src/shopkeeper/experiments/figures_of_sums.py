"""From what the logs measured of a test to what an analysis reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from shopkeeper.experiments.arm_service import ArmService, quantile_ms
from shopkeeper.experiments.currency_rates import WAY_OUT
from shopkeeper.experiments.daily_sums import DailySums
from shopkeeper.experiments.figures import Allocation, Answered, Cell, DailyFigures, TestFigures
from shopkeeper.experiments.measuring import Asked, MeasuredTest
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.unit_sums import TestCell, TestSums
from shopkeeper.objectives.catalogue import CATALOGUE

NOBODY: Final = "nobody was in it yet"
SEVERAL: Final = f"amounts of several currencies; {WAY_OUT}"


def figures_of(
    plan: ExperimentPlan, asked: Asked, found: MeasuredTest, daily: DailySums | None = None, *, simulated: bool
) -> TestFigures:
    """Return the figures of an experiment; machines are left out, and metrics nothing measures are named.

    Args:
        daily: Of the primary metric.
    """
    sums = found.sums
    missing = _missing(plan, asked, sums)
    measured = [name for name in plan.metrics if name not in missing and CATALOGUE[name].place != "service"]
    return TestFigures(
        test=plan.name,
        at=asked.at,
        allocations=tuple(_allocations(plan, sums)) if sums is not None else (),
        cells=tuple(_cells(sums, measured, plan.segments)) if sums is not None else (),
        answered=_answered(found.services),
        not_measured=missing,
        money=_money(sums),
        daily=tuple(_daily(daily)) if daily is not None and plan.primary.metric not in missing else (),
        simulated=simulated,
    )


def _money(sums: TestSums | None) -> str:
    currencies = set(sums.currencies.values()) if sums is not None else set()
    return currencies.pop() if len(currencies) == 1 else ""


def _daily(daily: DailySums) -> Iterator[DailyFigures]:
    for (arm, epoch), sums in daily.sums.items():
        products = tuple(tuple(row) for row in sums.products.tolist())
        yield DailyFigures(arm=arm, epoch=epoch, n=sums.n, totals=tuple(sums.totals.tolist()), products=products)


def _missing(plan: ExperimentPlan, asked: Asked, sums: TestSums | None) -> dict[str, str]:
    names = [name for name in plan.metrics if CATALOGUE[name].place != "service"]
    if sums is None:
        return dict.fromkeys(names, NOBODY)
    several = len(set(sums.currencies.values())) > 1
    missing = {
        name: "no definition in metrics.yaml counts it on shoppers" for name in names if name not in sums.metrics
    }
    if several:
        missing |= {name: SEVERAL for name, metric in sums.metrics.items() if any(asked.known.in_money(metric))}
    return missing


def _allocations(plan: ExperimentPlan, sums: TestSums) -> Iterator[Allocation]:
    for epoch in sums.epochs:
        units: dict[str, int] = {arm.name: 0 for arm in plan.arms}
        for cell in sums.chosen(epoch=epoch):
            if cell.variant in units:
                units[cell.variant] += cell.units
        shares = {arm.name: arm.share for arm in plan.arms}
        yield Allocation(epoch=epoch, shares=shares, units=units, crossers=sums.crossers(epoch))


def _cells(sums: TestSums, metrics: Sequence[str], segments: Sequence[str]) -> Iterator[Cell]:
    """Yield cells of all units and of each group, put together over what does not tell them apart."""
    groups: dict[tuple[str, int, object, bool, str], list[TestCell]] = defaultdict(list)
    for cell in sums.chosen():
        for segment in ("", *(f"{name}={_group(cell, name)}" for name in segments)):
            groups[cell.variant, cell.epoch, cell.day, cell.matured, segment].append(cell)
    for (arm, epoch, _, mature, segment), held in groups.items():
        for metric in metrics:
            forms = {False: [cell.sums[metric] for cell in held]}
            if all(metric in cell.cut for cell in held):
                forms[True] = [cell.cut[metric] for cell in held]
            for cut, parts in forms.items():
                total = _total(parts)
                yield Cell(
                    metric=metric, arm=arm, epoch=epoch, day=held[0].day, segment=segment, cut=cut, covariate=True,
                    mature=mature, n=total.n, totals=tuple(total.totals.tolist()),
                    products=tuple(tuple(row) for row in total.products.tolist()),
                )  # fmt: skip


def _total(parts: Sequence[Sums]) -> Sums:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _group(cell: TestCell, segment: str) -> str:
    return {"store": cell.store, "newcomer": "yes" if cell.newcomer else "no", "device": cell.device}[segment]


def _answered(services: Iterable[ArmService]) -> dict[str, Answered]:
    held: dict[str, list[ArmService]] = defaultdict(list)
    for one in services:
        held[one.variant].append(one)
    return {
        arm: Answered(
            requests=sum(one.requests for one in own),
            errors=sum(one.errors for one in own),
            fallbacks=sum(one.fallbacks for one in own),
            mean_ms=_mean_ms(own),
            p50_ms=quantile_ms((one.buckets for one in own), 0.5),
            p99_ms=quantile_ms((one.buckets for one in own), 0.99),
        )
        for arm, own in held.items()
    }


def _mean_ms(services: Sequence[ArmService]) -> float:
    """Return the mean time of an answer, from the middles of the buckets: right to 1%."""
    buckets = [(bucket, count) for one in services for bucket, count in one.buckets.items()]
    answers = sum(count for _, count in buckets)
    return sum(count * 2 ** ((bucket + 0.5) / 32) for bucket, count in buckets) / answers if answers else 0.0
