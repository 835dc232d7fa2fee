"""What is known of one rollout: its plan, how far it is, and what people decided about it. Stored whole, never edited.

`stages` says how it changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.experiments.live_test import Unit
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Plan, Stage
from shopkeeper.rollout.ramp import RampStep

Status = Literal["running", "held", "finished", "rolled_back", "stopped"]
ALIVE: tuple[Status, ...] = ("running", "held")


class Allocation(Struct, frozen=True, kw_only=True):
    """A time in which the arms' shares did not change.

    Attributes:
        number: Counted from 0; `epoch` of the decisions made in it.
        share: As in the ramp's step.
    """

    number: int
    stage: Stage
    share: float
    since: datetime


class Hold(Struct, frozen=True, kw_only=True):
    """A person said that it goes no further for now; harm is watched all the same."""

    person: str
    reason: str
    at: datetime


class Override(Struct, frozen=True, kw_only=True):
    """A person lets a rollout pass one gate that holds it, not one that finds harm or cannot judge.

    Attributes:
        step: The step it lets the rollout leave.
        expires: It lapses then, if it was not used.
        used: When it was used.
    """

    person: str
    reason: str
    at: datetime
    expires: datetime
    step: int
    used: datetime | None = None


class Ending(Struct, frozen=True, kw_only=True):
    """Why it is over.

    Attributes:
        person: Who ended it; `gate` where the figures did.
    """

    person: str
    reason: str
    at: datetime


class RolloutState(Struct, frozen=True, kw_only=True):
    """One rollout.

    Attributes:
        id: It never comes again, also not for the same version.
        version: Model version that is to serve.
        control_version: What served when it began; empty = the rules.
        objective: As it was when the test was planned; every verdict is made by it.
        ramp: Its steps, as the settings were then.
        holdout: Share of units kept out of every test for ever.
        step: Which step of the ramp it is in, or was in when it ended.
        stage_since: When that step began.
        epochs: Every allocation so far, the present one last.
        looks: Shares of information at the looks at the primary KPI, rising.
        looked_at: When the newest look was.
        held: Set while the status is `held`.
        overrides: Every one given, the newest last.
        ending: Set once it is over.
        forced: Arm by unit, for testers.
        revision: One more with every change; of two who change one revision, one is refused.
    """

    id: str
    system: str
    version: str
    control_version: str
    objective: Objective
    plan: Plan
    ramp: tuple[RampStep, ...]
    unit: Unit = "user"
    holdout: float = 0.01
    started_at: datetime
    started_by: str
    why: str
    status: Status = "running"
    step: int = 0
    stage_since: datetime
    epochs: tuple[Allocation, ...]
    looks: tuple[float, ...] = ()
    looked_at: datetime | None = None
    held: Hold | None = None
    overrides: tuple[Override, ...] = ()
    ending: Ending | None = None
    forced: dict[str, str] = {}
    revision: int = 0

    @property
    def alive(self) -> bool:
        """True while it may still change."""
        return self.status in ALIVE

    @property
    def counted(self) -> str:
        """What its arms are counted in, in words."""
        return "cells (a cluster of goods in a period)" if self.unit == "switchback" else "units"

    @property
    def stage(self) -> Stage:
        """The stage of its step."""
        return self.ramp[self.step].stage

    @property
    def next_step(self) -> RampStep | None:
        """The step after this one; None at the last."""
        return self.ramp[self.step + 1] if self.step + 1 < len(self.ramp) else None

    @property
    def champion(self) -> str:
        """What serves those in no test, by this rollout: its version once it is at `full`, else the control."""
        kept = self.status in ("running", "held", "finished")
        return self.version if kept and self.stage == "full" else self.control_version
