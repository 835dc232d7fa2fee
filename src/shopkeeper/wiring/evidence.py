"""The figures of a test, put together from the settings of a workspace: for the gate, and for an analysis."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.lake_measuring import LakeMeasuring
from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError
from shopkeeper.experiments.arm_service import ArmService, ShadowService, quantile_ms, slower_than
from shopkeeper.experiments.currency_rates import WAY_OUT, load_rates
from shopkeeper.experiments.live_test import CONTROL, TREATMENT
from shopkeeper.experiments.measuring import Asked, MeasuredTest, Shown, stores_named
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.unit_sums import TestCell, TestSums
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import ArmSums, Epoch, MetricSums, Service, Shadow
from shopkeeper.rollout.ports import Measured
from shopkeeper.rollout.state import Allocation, RolloutState
from shopkeeper.wiring.expected_kpi import expected_in_shadow
from shopkeeper.wiring.settings import Settings

PRODUCTS_SHOWN: Final = "products_shown"


class MeasuredRollouts:
    """Implements `rollout.ports.Measuring` over the logs of a workspace."""

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings = settings
        self._state = state

    def measure(self, state: RolloutState, at: datetime) -> Measured:
        """Return the figures of a rollout.

        Raises:
            ConfigError: `metrics.yaml` or `rates.yaml` has mistakes, or amounts of several currencies would have to be
                added up.
            Unavailable: the logs cannot be read.
        """
        if state.unit == "switchback":
            # Only a process that has a rollout of prices loads what tests of prices are analysed with.
            from shopkeeper.wiring.rollouts.price_measuring import measure_prices  # noqa: PLC0415

            return measure_prices(self._settings, self._state, state, at)
        found = gather(self._settings, self._state, state.id, state.objective, state.epochs, at)
        if found.shadow is None or state.stage != "shadow":
            return found
        shadow = expected_in_shadow(self._settings, self._state, state, found.shadow, at)
        return msgspec.structs.replace(found, shadow=shadow)


def gather(
    settings: Settings,
    state: State,
    test: str,
    objective: Objective,
    allocations: Sequence[Allocation],
    at: datetime,
    *,
    stores: Sequence[str] = (),
) -> Measured:
    """Return what the logs say about a test of one treatment against its control, for the gate.

    Machines are left out by what they say themselves, or a verdict from before they were exposed: never by what they
    did in an arm.

    Args:
        allocations: Every one so far; one in which nobody was in the control is not among the epochs returned.
        stores: Where it runs; none named = everywhere.
    """
    since = min((allocation.since for allocation in allocations), default=None)
    metrics = asked_metrics(objective)
    found = measure_test(settings, state, test, metrics, objective, at, stores=stores, since=since)
    epochs = () if found.sums is None else tuple(_epochs(found.sums, found.shown, allocations))
    return Measured(
        epochs=epochs,
        control=_service(found.services, CONTROL, objective),
        treatment=_service(found.services, TREATMENT, objective),
        shadow=_shadow(found.shadow),
        newest=found.newest,
    )


def measure_test(
    settings: Settings,
    state: State,
    test: str,
    metrics: Collection[str] | None,
    objective: Objective,
    at: datetime,
    *,
    stores: Sequence[str] = (),
    since: datetime | None = None,
) -> MeasuredTest:
    """Return everything a test has measured, of any number of arms; days that are over are added up once and kept.

    Args:
        metrics: Names of metrics; those that are not measured on units are passed over. None = all there are.
        objective: Says how long something counts, when it is final, and which answers are slow.
        since: It did not decide before; None = nobody knows.
    """
    known = load_metrics(settings.workspace.resolve())
    every = tuple(row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store))
    asked = Asked(
        test=test, at=at, known=known, metrics=known.of_units(metrics), attribution_days=objective.attribution_days,
        maturation_days=objective.maturation_days, slow_ms=objective.technical.p99_latency_ms,
        stores=stores_named(every, stores), since=since, products_shown=metrics is None or PRODUCTS_SHOWN in metrics,
        rates=load_rates(settings.workspace.resolve()),
    )  # fmt: skip
    return LakeMeasuring(settings.folder(settings.engines.lake)).measure(asked)


def asked_metrics(objective: Objective) -> tuple[str, ...]:
    """Return every metric an objective names, each once, the primary one first."""
    named = (objective.secondary, objective.guardrails, objective.rollback)
    return tuple(dict.fromkeys([objective.primary.metric, *(one.metric for part in named for one in part)]))


def _epochs(sums: TestSums, shown: Sequence[Shown], allocations: Sequence[Allocation]) -> Iterator[Epoch]:
    for allocation in allocations:
        cells = sums.chosen(epoch=allocation.number)
        arms = tuple(tuple(cell for cell in cells if cell.variant == arm) for arm in (CONTROL, TREATMENT))
        if not arms[0]:
            continue
        matured = tuple(tuple(cell for cell in arm if cell.matured) for arm in arms)
        yield Epoch(
            stage=allocation.stage,
            share=allocation.share,
            exposed=(_units(arms[0]), _units(arms[1])),
            crossers=sums.crossers(allocation.number),
            matured=tuple(_metric_sums(sums, matured)),
            so_far=(*_metric_sums(sums, arms), *_products(shown, allocation.number)),
        )


def _units(cells: Iterable[TestCell]) -> int:
    return sum(cell.units for cell in cells)


def _metric_sums(sums: TestSums, arms: Sequence[Sequence[TestCell]]) -> Iterator[MetricSums]:
    refuse_several_currencies(sums)
    for name in sums.metrics:
        control, treatment = (_arm_sums(sums.sums(name, cells)) for cells in arms)
        yield MetricSums(metric=name, control=control, treatment=treatment, covariate=True)


def _products(shown: Iterable[Shown], epoch: int) -> Iterator[MetricSums]:
    """Yield the share of products that were shown; its units are the products on sale, so it is never a proof."""
    own = [one for one in shown if one.epoch == epoch]
    arms = []
    for arm in (CONTROL, TREATMENT):
        seen = float(sum(one.products for one in own if one.variant == arm))
        sold = sum(one.on_sale for one in own if one.variant == arm)
        arms.append(ArmSums(sold, (seen, float(sold)), ((seen, seen), (seen, float(sold)))))
    if own:
        yield MetricSums(metric=PRODUCTS_SHOWN, control=arms[0], treatment=arms[1])


def _arm_sums(sums: Sums) -> ArmSums:
    return ArmSums(sums.n, tuple(sums.totals.tolist()), tuple(map(tuple, sums.products.tolist())))


def refuse_several_currencies(sums: TestSums) -> None:
    """Raise ConfigError where amounts of several currencies would be added up."""
    if len(set(sums.currencies.values())) > 1:
        listed = ", ".join(f"{store} ({currency})" for store, currency in sorted(sums.currencies.items()))
        raise ConfigError(
            f"The test runs in stores with several currencies: {listed}.",
            f"Either {WAY_OUT}.",
        )


def _service(services: Iterable[ArmService], arm: str, objective: Objective) -> Service:
    own = [one for one in services if one.variant == arm]
    bounds = [one.bound for one in objective.rollback if one.metric == "p99_latency" and one.against == "limit"]
    return Service(
        requests=sum(one.requests for one in own),
        errors=sum(one.errors for one in own),
        fallbacks=sum(one.fallbacks for one in own),
        slow=sum(one.slow for one in own),
        too_slow=sum(slower_than(one.buckets, min(bounds)) for one in own) if bounds else 0,
        p99_ms=quantile_ms((one.buckets for one in own), 0.99),
    )


def _shadow(found: ShadowService | None) -> Shadow | None:
    if found is None:
        return None
    answered = Service(
        requests=found.requests, errors=found.errors, slow=found.slow, p99_ms=quantile_ms((found.buckets,), 0.99)
    )
    return Shadow(answered=answered, agreement=found.agreement)
