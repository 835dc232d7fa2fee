"""Whether a new version is trained now: reasons against the state of the data, other runs, the budget and the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from shopkeeper.objectives.contract import QuietHours, Retraining
from shopkeeper.retraining.triggers import Trigger

Action = Literal["start", "wait", "blocked", "nothing"]


@dataclass(frozen=True, slots=True)
class Block:
    """Why nothing may be learnt from the data as they are.

    Attributes:
        name: Such as `broken feed` or `data quality`.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that triggers started before.

    Attributes:
        cost: What it cost, in the budget's currency; 0 where nobody knows.
    """

    run: str
    started_at: datetime
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done about the triggers of one system.

    Attributes:
        action: `start` a run; `wait`: a reason is there and it is not the time; `blocked`: a reason is there and the
            data must be mended first; `nothing`: no reason.
        reason: Why, with the figures.
        until: When waiting ends, as far as that is known.
    """

    system: str
    at: datetime
    action: Action
    reason: str
    triggers: tuple[Trigger, ...]
    blocks: tuple[Block, ...] = ()
    until: datetime | None = None

    @property
    def fired(self) -> tuple[str, ...]:
        """Kinds of the triggers that fired."""
        return tuple(trigger.kind for trigger in self.triggers if trigger.fired)

    def document(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "system": self.system,
            "at": self.at.isoformat(),
            "action": self.action,
            "reason": self.reason,
            "until": None if self.until is None else self.until.isoformat(),
            "fired": list(self.fired),
            "triggers": [
                {"kind": one.kind, "state": one.state, "reason": one.reason, "figures": dict(one.figures)}
                for one in self.triggers
            ],
            "blocks": [{"name": block.name, "reason": block.reason} for block in self.blocks],
        }


def decide(
    system: str,
    rules: Retraining,
    triggers: Sequence[Trigger],
    blocks: Sequence[Block],
    past: Sequence[PastRun],
    in_flight: str | None,
    now: datetime,
    cost_of_run: float = 0.0,
) -> Decision:
    """Return what is done now.

    Blocked beats waiting beats starting: data that is broken teaches the break, whatever the calendar says.

    Args:
        rules: The objective's.
        triggers: What each reason says, fired or not.
        blocks: What is wrong with the data.
        past: Runs that triggers started before.
        in_flight: Id of a training run of this system that is queued or running.
        now: The time, with an offset.
        cost_of_run: What one more run is expected to cost, in the budget's currency.
    """

    fired = [trigger for trigger in triggers if trigger.fired]
    action: Action = "nothing"
    reason, until = "No reason to train again.", None
    if fired and blocks:
        action = "blocked"
        reason = "Nothing is learnt from such data. " + " ".join(f"{one.name}: {one.reason}" for one in blocks)
    elif fired:
        waits = _waits(rules, past, in_flight, now, cost_of_run)
        action = "wait" if waits else "start"
        told = [f"{trigger.kind}: {trigger.reason}" for trigger in fired]
        reason = " ".join(wait.reason for wait in waits) if waits else " ".join(told)
        until = max((wait.until for wait in waits if wait.until is not None), default=None)
    return Decision(system, now, action, reason, tuple(triggers), tuple(blocks), until)


@dataclass(frozen=True, slots=True)
class _Wait:
    reason: str
    until: datetime | None = None


def _waits(
    rules: Retraining, past: Sequence[PastRun], in_flight: str | None, now: datetime, cost_of_run: float
) -> list[_Wait]:
    """Return everything that stands against starting a run now."""
    found = [] if in_flight is None else [_Wait(f"Run {in_flight} is under way.")]
    if (until := _debounced(rules, past, now)) is not None:
        found.append(_Wait(f"The last run is less than {rules.debounce_days:g} days old.", until))
    if (spent := _spent(rules, past, now, cost_of_run)) is not None:
        found.append(_Wait(spent, _next_month(now)))
    if (until := quiet_until(rules.quiet_hours, now)) is not None:
        found.append(_Wait(f"Quiet hours until {until:%Y-%m-%d %H:%M %Z}.", until))
    return found


def _debounced(rules: Retraining, past: Sequence[PastRun], now: datetime) -> datetime | None:
    last = max((run.started_at for run in past), default=None)
    if last is None:
        return None
    until = last + timedelta(days=rules.debounce_days)
    return until if now < until else None


def _spent(rules: Retraining, past: Sequence[PastRun], now: datetime, cost_of_run: float) -> str | None:
    """Return which budget of this calendar month (UTC) one more run would break; None where there is room."""
    month = [run for run in past if (run.started_at.year, run.started_at.month) == (now.year, now.month)]
    runs, amount = rules.budget.runs_per_month, rules.budget.amount_per_month
    if runs is not None and len(month) >= runs:
        return f"The budget of {runs} run(s) a month is spent."
    cost = sum(run.cost for run in month) + cost_of_run
    if amount is not None and cost > amount:
        return f"One more run would cost {cost:,.2f} of {amount:,.2f} {rules.budget.currency} this month."
    return None


def _next_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def quiet_until(hours: Sequence[QuietHours], now: datetime) -> datetime | None:
    """Return when the quiet hours that `now` lies in end; None outside of them. Hours may run over midnight."""
    ends = []
    for one in hours:
        local = now.astimezone(ZoneInfo(one.time_zone))
        start, end = time.fromisoformat(one.start), time.fromisoformat(one.end)
        here = local.time()
        over_midnight = end <= start
        inside = (here >= start or here < end) if over_midnight else start <= here < end
        if inside:
            last_day = local.date() + timedelta(days=1 if over_midnight and here >= start else 0)
            ends.append(datetime.combine(last_day, end, local.tzinfo))
    return max(ends, default=None)
