"""Simulated live tests, day by day: what the gate is told of a change whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import ArmSums, DataState, Epoch, Evidence, MetricSums, Plan, Service, Stage
from shopkeeper.simulation.shopper_sums import BOUGHT, SEEN, Array, Counts, Crowd, Shoppers

Figures = TypeVar("Figures", Array, Counts)
START: Final = datetime(2026, 3, 2, tzinfo=UTC)
EARLY: Final = 0.7
"""Share of buyers who buy on the day they are first shown something; the others do so after `LATE_DAYS`."""
LATE_DAYS: Final = 3
VISITS: Final = 3.0
"""Requests a user makes in a test."""
_FIGURES: Final = (*SEEN, *BOUGHT, "x")
_PLACE: Final = {name: place for place, name in enumerate(_FIGURES)}
METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    "ctr": ("c", "i", "cc", "ic", "ii"),
    "aov": ("r", "o", "rr", "ro", "oo"),
    "refund_share": ("f", "g", "ff", "fg", "gg"),
    "revenue_per_user": ("r", "rr"),
    "margin_per_user": ("m", "mm"),
    "conversion": ("x", "x"),
}
"""Figures of each metric: sum and sum of squares of a mean; numerator, denominator and their products of a ratio."""
_BEFORE_RETURNS: Final = {"r": "g", "rr": "gg", "m": "m0", "mm": "m0m0"}


@dataclass(frozen=True, slots=True)
class Rates:
    """How requests are answered: shares of them."""

    errors: float = 0.0005
    fallbacks: float = 0.002
    slow: float = 0.004
    too_slow: float = 0.002


@dataclass(frozen=True, slots=True)
class Scenario:
    """A test whose truth is known.

    Attributes:
        days: Days it is watched.
        steps: Days of a step and units of one arm a day in it; the first compares at 15%, the second at 50%.
        planned: Matured units of one arm at which it is planned to end.
        lost: Share of the units of the treatment that never reach the log, and as many too many of the control.
        asked_from: Day from which verdicts are asked for.
    """

    name: str
    control: Shoppers
    treatment: Shoppers
    days: int
    planned: int
    steps: tuple[tuple[int, float], tuple[int, float]] = ((7, 6_000.0), (1_000, 20_000.0))
    maturation_days: int = 14
    lost: float = 0.0
    rates: Rates = Rates()
    asked_from: int = 1

    @property
    def per_day(self) -> Array:
        """Units of one arm on each day of both steps, shape (2, days)."""
        (first, slow), (_, fast) = self.steps
        day = np.arange(self.days)
        return np.stack([np.where(day < first, slow, 0.0), np.where(day < first, 0.0, fast)])

    def matured_by(self, day: int) -> float:
        """Return the matured units of one arm at the end of a day, the first being 1."""
        return float(self.per_day[:, : max(day - self.maturation_days, 0)].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Tests drawn at once; shape (tests, days, 2 steps, 2 arms, ...) each, cumulated over days.

    Attributes:
        exposed, matured_units: Units; control first.
        so_far, matured: Sums by figure.
        requests: Requests, errors, fallbacks, slow, too slow; shape (tests, days, 2 arms, 5).
    """

    exposed: Counts
    matured_units: Counts
    so_far: Array
    matured: Array
    requests: Counts


def drawn(scenario: Scenario, crowds: Sequence[Crowd], tests: int, rng: np.random.Generator) -> Drawn:
    """Draw tests of a scenario; the crowds are the control's and the treatment's."""
    sides = (1 + scenario.lost, 1 - scenario.lost)
    units = np.stack([rng.poisson(scenario.per_day.sum(axis=0) * side, (tests, scenario.days)) for side in sides], -1)
    arms = [_arm(crowd, units[..., arm], rng) for arm, crowd in enumerate(crowds)]
    step = (scenario.per_day > 0).T[None, :, :, None]  # day, step
    mature, late = scenario.maturation_days, LATE_DAYS

    def grown(place: int) -> Array:
        daily = np.stack([parts[place] for parts in arms], axis=2)[:, :, None]
        return np.asarray((daily * step[..., None]).cumsum(axis=1))

    first, later, final = grown(0), grown(1), grown(2)
    so_far = first + _after(later, late) + _after(final - first - later, mature)
    exposed = (units[:, :, None] * step).cumsum(axis=1)
    return Drawn(exposed, _after(exposed, mature), so_far, _after(final, mature), _requests(scenario, units, rng))


def _arm(crowd: Crowd, units: Counts, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return what a day's users of one arm add up to: on the day itself, once the late ones bought, and in the end."""
    buyers = rng.binomial(units, crowd.shoppers.conversion)
    early = rng.binomial(buyers, EARLY)
    quick, slow = crowd.buyers(early, rng), crowd.buyers(buyers - early, rng)
    seen = crowd.others(units - buyers, rng) + quick[..., : len(SEEN)] + slow[..., : len(SEEN)]
    nothing = np.zeros_like(seen)

    def sums(of_seen: Array, of_bought: Array, bought: Counts) -> Array:
        return np.concatenate([of_seen, of_bought[..., len(SEEN) :], bought[..., None]], axis=-1)

    return (
        _before_returns(sums(seen, quick, early)),
        _before_returns(sums(nothing, slow, buyers - early)),
        sums(seen, quick + slow, buyers),
    )


def _before_returns(sums: Array) -> Array:
    found = sums.copy()
    for name in ("f", "ff", "fg"):
        found[..., _PLACE[name]] = 0.0
    for name, before in _BEFORE_RETURNS.items():
        found[..., _PLACE[name]] = sums[..., _PLACE[before]]
    return found


def _after(grown: Figures, days: int) -> Figures:
    """Return sums over days as they were some days before."""
    found = np.zeros_like(grown)
    found[:, days:] = grown[:, : max(grown.shape[1] - days, 0)]
    return found


def _requests(scenario: Scenario, units: Counts, rng: np.random.Generator) -> Counts:
    requests = rng.poisson(units * VISITS)
    rates = scenario.rates
    slow = rng.binomial(requests, rates.slow)
    too_slow = rng.binomial(slow, min(rates.too_slow / rates.slow, 1.0))
    parts = (requests, rng.binomial(requests, rates.errors), rng.binomial(requests, rates.fallbacks), slow, too_slow)
    return np.asarray(np.stack(parts, axis=-1).cumsum(axis=1))


def plan_of(scenario: Scenario, objective: Objective) -> Plan:
    """Return what was planned before the first unit was seen."""
    return Plan(
        objective=objective.digest, users_per_arm=scenario.planned, users_per_day=scenario.steps[1][1],
        minimum_days={"ab": float(scenario.steps[0][0]), "ramp": 7.0},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Test:
    """One drawn test as plain numbers, [day][step][arm]; requests [day][arm]."""

    __test__ = False  # no test of pytest's

    exposed: list[list[list[int]]]
    matured_units: list[list[list[int]]]
    so_far: list[list[list[list[float]]]]
    matured: list[list[list[list[float]]]]
    requests: list[list[list[int]]]

    @staticmethod
    def of(tests: Drawn, place: int) -> Test:
        """Return one of the drawn tests."""
        parts = (tests.exposed, tests.matured_units, tests.so_far, tests.matured, tests.requests)
        return Test(*(part[place].tolist() for part in parts))

    def evidence(self, objective: Objective, plan: Plan, day: int, stage: Stage, since: int) -> Evidence:
        """Return what the gate is told at the end of a day, the first being 1; earlier looks are not known here."""
        at, last = START + timedelta(days=day), day - 1
        control, treatment = map(_service, self.requests[last])
        steps = [step for step in (0, 1) if sum(self.exposed[last][step])]
        return Evidence(
            rollout="simulated", system=objective.system, version="new", control_version="", at=at, stage=stage,
            stage_since=START + timedelta(days=since), objective=objective.digest, plan=plan,
            epochs=tuple(self._epoch(objective, last, step) for step in steps),
            control=control, treatment=treatment, data=DataState(quality="pass", newest=at - timedelta(hours=1)),
        )  # fmt: skip

    def _epoch(self, objective: Objective, last: int, step: int) -> Epoch:
        proven, watched = _metrics(objective)
        units, exposed = self.matured_units[last][step], self.exposed[last][step]
        matured = [_metric_sums(name, units, self.matured[last][step]) for name in proven if sum(units)]
        return Epoch(
            stage=("ab", "ramp")[step], share=(0.15, 0.5)[step], exposed=(exposed[0], exposed[1]),
            matured=tuple(matured),
            so_far=tuple(_metric_sums(name, exposed, self.so_far[last][step]) for name in watched),
        )  # fmt: skip


@lru_cache(maxsize=8)
def _metrics(objective: Objective) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the metrics of users that are to be proven, and those whose harm is watched."""
    guarded = (one.metric for one in objective.guardrails if one.metric in METRICS)
    watched = (one.metric for one in objective.rollback if one.metric in METRICS)
    return tuple(dict.fromkeys([objective.primary.metric, *guarded])), tuple(dict.fromkeys(watched))


def _metric_sums(name: str, units: Sequence[int], arms: Sequence[Sequence[float]]) -> MetricSums:
    control, treatment = (_sums(METRICS[name], n, figures) for n, figures in zip(units, arms, strict=True))
    return MetricSums(name, control, treatment)


def _sums(names: Sequence[str], n: int, figures: Sequence[float]) -> ArmSums:
    found = [figures[_PLACE[name]] for name in names]
    if len(found) == 2:
        return ArmSums(n, (found[0],), ((found[1],),))
    top, bottom, top2, cross, bottom2 = found
    return ArmSums(n, (top, bottom), ((top2, cross), (cross, bottom2)))


def _service(counts: Sequence[int]) -> Service:
    requests, errors, fallbacks, slow, too_slow = counts
    return Service(requests=requests, errors=errors, fallbacks=fallbacks, slow=slow, too_slow=too_slow)
