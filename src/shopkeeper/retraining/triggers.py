"""The four reasons to train again, each a pure function of what was measured: it fires, or it says why not.

A reason starts nothing by itself: `decision.decide` weighs it against the budget, and whatever is trained goes through
the same gate as every other version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shopkeeper.objectives.contract import Performance as PerformanceBound

TriggerKind = Literal["performance", "drift", "schedule", "new_features"]
State = Literal["fired", "quiet", "no evidence"]

ABSENT: Final = 0.05
"""A feature filled for no more than this share of rows counts as not there."""
PRESENT: Final = 0.5
"""A feature filled for at least this share of rows can teach something."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What one reason to train again says.

    Attributes:
        state: `fired`; `quiet`: looked at and nothing there; `no evidence`: it could not be looked at.
        reason: One sentence with the figures, for people.
        figures: The same for machines.
    """

    kind: TriggerKind
    state: State
    reason: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def fired(self) -> bool:
        """Whether it asks for a new version."""
        return self.state == "fired"


@dataclass(frozen=True, slots=True)
class MeasuredPerformance:
    """How the serving version did on labels that have matured, beside how it did when it was blessed.

    Attributes:
        first, last: The window that was judged; the last label in it has matured.
        cases: Shoppers in it.
        value, low, high: The metric with its 95% interval.
        blessed: Its value when the version was blessed; None where the version does not say.
    """

    metric: str
    first: datetime
    last: datetime
    cases: int
    value: float
    low: float
    high: float
    blessed: float | None


def performance(
    bounds: Sequence[PerformanceBound],
    measured: Mapping[str, MeasuredPerformance],
    larger_is_better: Mapping[str, bool],
) -> Trigger:
    """Fire where a whole 95% interval lies beyond its bound: the version is surely worse than the objective allows.

    Args:
        bounds: What the objective allows.
        measured: The newest window of each metric that could be judged.
        larger_is_better: Direction of each metric.
    """
    if not bounds:
        return Trigger("performance", "quiet", "The objective sets no bound on performance.")
    told: list[str] = []
    figures: dict[str, float] = {}
    broken, judged = False, False
    for bound in bounds:
        found = measured.get(bound.metric)
        line = _line(bound, found, larger_is_better.get(bound.metric, True))
        if found is None or line is None:
            told.append(f"{bound.metric}: too few matured labels, or nothing to compare with")
            continue
        judged = True
        beyond = found.high < line if larger_is_better.get(bound.metric, True) else found.low > line
        broken = broken or beyond
        figures |= {f"{bound.metric} low": found.low, f"{bound.metric} high": found.high, f"{bound.metric} bound": line}
        told.append(
            f"{bound.metric} {found.value:.4g} ({found.low:.4g} to {found.high:.4g}, {found.cases:,} shoppers from"
            f" {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}), bound {line:.4g}"
        )
    state: State = "fired" if broken else "quiet" if judged else "no evidence"
    return Trigger("performance", state, "; ".join(told) + ".", figures)


def _line(bound: PerformanceBound, found: MeasuredPerformance | None, larger: bool) -> float | None:
    """Return the value from which the metric is too bad; None where there is nothing to compare with."""
    if bound.against == "limit":
        return bound.bound
    if found is None or found.blessed is None:
        return None
    return found.blessed * (1.0 - bound.bound if larger else 1.0 + bound.bound)


def schedule(
    every: Literal["weekly", "monthly", "quarterly", "never"], trained: datetime | None, now: datetime
) -> Trigger:
    """Fire when a calendar week, month or quarter (UTC) began since the last training.

    Args:
        every: What the objective says.
        trained: When the newest version of the system was trained; None = never, which is no matter of a schedule.
        now: The time, UTC.
    """
    if every == "never":
        return Trigger("schedule", "quiet", "The objective sets no schedule.")
    if trained is None:
        return Trigger("schedule", "no evidence", "No version was trained yet; `shopkeeper train` makes the first.")
    begins = period_start(every, now)
    if trained < begins:
        return Trigger(
            "schedule",
            "fired",
            f"The newest version is of {trained:%Y-%m-%d}; one is due {every}, this one since {begins:%Y-%m-%d}.",
            {"age_days": (now - trained) / timedelta(days=1)},
        )
    return Trigger("schedule", "quiet", f"The newest version is of {trained:%Y-%m-%d}, inside this {_PERIOD[every]}.")


_PERIOD: Final = {"weekly": "week", "monthly": "month", "quarterly": "quarter"}


def period_start(every: Literal["weekly", "monthly", "quarterly"], moment: datetime, zone: str = "UTC") -> datetime:
    """Return when the calendar week (from Monday), month or quarter of a moment began."""
    day = moment.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    if every == "weekly":
        return day - timedelta(days=day.weekday())
    month = day.month if every == "monthly" else day.month - (day.month - 1) % 3
    return day.replace(month=month, day=1)


def new_features(wanted: bool, then: Mapping[str, float] | None, now: Mapping[str, float]) -> Trigger:
    """Fire when a feature that was not there when the model was trained is filled well now.

    Args:
        wanted: Whether the objective asks for it.
        then: Share of rows in which each feature was filled, at training; None where the version does not say.
        now: The same now. A feature that is missing from `then` was not defined.
    """
    if not wanted:
        return Trigger("new_features", "quiet", "The objective does not ask for it.")
    if then is None:
        return Trigger("new_features", "no evidence", "The newest version does not say which features it knew.")
    fresh = {name: share for name, share in now.items() if share >= PRESENT and then.get(name, 0.0) <= ABSENT}
    if not fresh:
        return Trigger("new_features", "quiet", f"No feature came since: {len(now)} looked at.")
    told = ", ".join(
        f"{name} ({share:.0%} of rows, {then.get(name, 0.0):.0%} at training)" for name, share in fresh.items()
    )
    return Trigger("new_features", "fired", f"New since training: {told}.", dict(fresh))
