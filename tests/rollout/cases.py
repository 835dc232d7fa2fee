"""Evidence made by hand for tests of the gate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import ArmSums, DataState, Epoch, Evidence, MetricSums, Plan, Service, Shadow

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def arm(n: int, mean: float, deviation: float) -> ArmSums:
    """Return sums of a mean metric with a given sample mean and deviation."""
    squares = (n - 1) * deviation**2 + n * mean**2
    return ArmSums(n, (n * mean,), ((squares,),))


def ratio_arm(n: int, ratio: float, noise: float) -> ArmSums:
    """Return sums of a ratio metric: ten events a unit, and a numerator that varies by `noise`."""
    bottom, top = 10.0, 10.0 * ratio
    return ArmSums(
        n, (n * top, n * bottom), ((n * (top**2 + noise**2), n * top * bottom), (n * top * bottom, n * bottom**2))
    )


def metric(name: str, n: int, lift: float, base: float = 0.1, noise: float = 1.0) -> MetricSums:
    """Return a metric of two equal arms with a relative lift, in the form its catalogue entry has."""
    if name in ("ctr", "aov", "refund_share", "margin_rate"):
        return MetricSums(name, ratio_arm(n, base, noise), ratio_arm(n, base * (1 + lift), noise))
    return MetricSums(name, arm(n, base, noise), arm(n, base * (1 + lift), noise))


def lifted(objective: Objective, n: int, lifts: dict[str, float]) -> tuple[MetricSums, ...]:
    """Return every metric the objective looks at on shoppers, unchanged where no lift is given."""
    names = [objective.primary.metric]
    names += [one.metric for one in objective.guardrails if one.margin is not None]
    names += [one.metric for one in objective.rollback if one.against == "control"]
    return tuple(metric(name, n, lifts.get(name, 0.0), noise=0.1) for name in dict.fromkeys(names))


def evidence(objective: Objective, n: int = 50_000, lifts: dict[str, float] | None = None, **changes: Any) -> Evidence:  # noqa: ANN401 - fields of Evidence
    """Return evidence of a ramp with one epoch of `n` units an arm, all matured, everything in order."""
    metrics = lifted(objective, n, lifts or {})
    fields: dict[str, Any] = {
        "rollout": "r1", "system": objective.system, "version": "v2", "control_version": "v1", "at": NOW,
        "stage": "ramp", "stage_since": NOW - timedelta(days=8), "objective": objective.digest,
        "plan": Plan(
            objective=objective.digest, users_per_arm=50_000, users_per_day=2_500.0,
            minimum_days={"shadow": 7, "ab": 7, "ramp": 7},
        ),
        "epochs": (Epoch(stage="ramp", share=0.5, exposed=(n, n), matured=metrics, so_far=metrics),),
        "control": Service(requests=100_000, errors=10), "treatment": Service(requests=100_000, errors=10),
        "shadow": Shadow(answered=Service(requests=5_000)),
        "data": DataState(quality="pass", newest=NOW - timedelta(hours=1)),
    }  # fmt: skip
    return Evidence(**(fields | changes))
