"""Where rollouts are: stage, share, what is known so far, what the next gate asks, and when it may open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shopkeeper.engines.state import State
from shopkeeper.errors import UnknownRollout
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.ramp import RampStep
from shopkeeper.rollout.recompute import Recomputed, recompute
from shopkeeper.rollout.record import VerdictRecord
from shopkeeper.rollout.stages import open_override
from shopkeeper.rollout.state import Override, RolloutState
from shopkeeper.wiring.freezes import frozen, standing_orders
from shopkeeper.wiring.rollouts.acts import named_rollout
from shopkeeper.wiring.rollouts.blessed import Waiting, waiting
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class RolloutStatus:
    """One rollout.

    Attributes:
        verdict: The newest one kept.
        watched: When harm was last looked for, and what was found.
        earliest: When its next gate may open at the earliest; None where it has none, or nobody can say.
        test_of_quarter: Counts the tests of this system in this quarter: each has an alpha of its own.
        frozen: Why nothing may move now; empty where it may.
        override: Lets it pass the gate of its present step; None where none is open.
    """

    state: RolloutState
    verdict: VerdictRecord | None
    watched: tuple[datetime, str] | None
    earliest: datetime | None
    test_of_quarter: int
    frozen: str
    override: Override | None

    @property
    def next_step(self) -> RampStep | None:
        """The step it goes on to; None at the last or when it is over."""
        return self.state.next_step if self.state.alive else None

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        one = self.state
        return {
            "rollout": one.id, "system": one.system, "version": one.version, "control_version": one.control_version,
            "status": one.status, "stage": one.stage, "share": one.ramp[one.step].share,
            "stage_since": one.stage_since, "started_at": one.started_at, "started_by": one.started_by, "why": one.why,
            "objective": one.objective.digest, "plan": one.plan, "ramp": one.ramp, "epochs": one.epochs,
            "looks": one.looks, "held": one.held, "override": self.override, "ending": one.ending,
            "test_of_quarter": self.test_of_quarter, "frozen": self.frozen, "next": self.next_step,
            "earliest": self.earliest, "revision": one.revision,
            "watched": None if self.watched is None else {"at": self.watched[0], "word": self.watched[1]},
            "verdict": None if self.verdict is None else verdict_document(self.verdict),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything there is to know of rollouts now.

    Attributes:
        rollouts: The newest of each system, or all of them, newest first.
        waiting: Blessed versions that no rollout has begun with.
        stops: Orders that systems answer by their fallback alone.
    """

    rollouts: Sequence[RolloutStatus]
    waiting: Sequence[Waiting]
    stops: Sequence[StopOrder]

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "rollouts": [one.document() for one in self.rollouts],
            "waiting": list(self.waiting),
            "stops": list(self.stops),
        }


def verdict_document(record: VerdictRecord) -> dict[str, Any]:
    """Return a kept verdict for machines."""
    read = record.read
    return {
        "id": record.id, "rollout": record.rollout, "at": record.at, "stage": record.stage, "word": record.word,
        "why": record.why, "effect": record.effect, "days_needed": read.days_needed, "objective": record.digest,
        "findings": read.findings,
    }  # fmt: skip


def overview(settings: Settings, state: State, now: datetime | None = None) -> Overview:
    """Return the newest rollout of each system, what waits and what is stopped."""
    at = now or datetime.now(UTC)
    newest: dict[str, RolloutState] = {}
    for one in state.rollouts.newest(limit=200):
        newest.setdefault(one.system, one)
    found = [status_of(settings, state, one, at) for one in newest.values()]
    return Overview(found, waiting(settings, state, at), standing_orders(settings, state))


def rollout_overview(settings: Settings) -> Overview:
    """Return the same, with the state database opened for it."""
    with open_workspace_state(settings) as state:
        return overview(settings, state)


def status_of(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> RolloutStatus:
    """Return all there is to know of one rollout."""
    verdict = next(iter(state.rollouts.verdicts(rollout.id, limit=1)), None)
    return RolloutStatus(
        rollout,
        verdict,
        state.rollouts.watched(rollout.id),
        earliest(rollout, None if verdict is None else verdict.read, None if verdict is None else verdict.at),
        _of_quarter(state, rollout),
        frozen(settings, state, rollout.system, at) if rollout.alive else "",
        open_override(rollout, at) if rollout.alive else None,
    )


def earliest(rollout: RolloutState, verdict: Verdict | None, at: datetime | None) -> datetime | None:
    """Return when the next gate may open at the earliest: the step's least time, and the units still to mature."""
    if not rollout.alive or rollout.next_step is None:
        return None
    by_time = rollout.stage_since + timedelta(days=rollout.ramp[rollout.step].minimum_days)
    if verdict is None or at is None or verdict.days_needed is None or at < rollout.stage_since:
        return by_time
    return max(by_time, at + timedelta(days=verdict.days_needed))


@dataclass(frozen=True, slots=True)
class Explained:
    """A kept verdict made again."""

    record: VerdictRecord
    recomputed: Recomputed

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return verdict_document(self.record) | {"same": self.recomputed.same}


def explain(settings: Settings, name: str) -> Explained:
    """Make a verdict again from what is kept with it.

    Args:
        name: Of a verdict, such as `ROLLOUT/3`; of a rollout or system its newest verdict is meant.

    Raises:
        UnknownRollout: nobody knows it, or no verdict is kept yet.
    """
    with open_workspace_state(settings) as state:
        record = state.rollouts.verdict(name) if "/" in name else _newest(state, name)
    return Explained(record, recompute(record))


def _newest(state: State, name: str) -> VerdictRecord:
    rollout = named_rollout(state, name)
    found = next(iter(state.rollouts.verdicts(rollout.id, limit=1)), None)
    if found is None:
        raise UnknownRollout(
            f"No verdict on {rollout.id} is kept yet.",
            f"`shopkeeper work` judges every minute; `shopkeeper rollout advance {rollout.id} --why R` asks at once.",
        )
    return found


def _of_quarter(state: State, rollout: RolloutState) -> int:
    def quarter(moment: datetime) -> tuple[int, int]:
        return moment.year, (moment.month - 1) // 3

    return sum(
        quarter(one.started_at) == quarter(rollout.started_at) and one.started_at <= rollout.started_at
        for one in state.rollouts.newest(rollout.system, 1_000)
    )
