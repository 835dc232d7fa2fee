"""What the gate needs of engines: where rollouts, verdicts and live tests are kept, and what reads the logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.experiments.sizing import Baseline
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Epoch, Service, Shadow
from shopkeeper.rollout.price_evidence import PriceEvidence
from shopkeeper.rollout.record import JudgedVerdict, VerdictRecord
from shopkeeper.rollout.state import RolloutState


class Rollouts(Protocol):
    """Where rollouts are kept, with their verdicts.

    Laws: `begin` and `step` are one transaction each over the rollout, what serving is told (`LiveTests`), the champion
    pointer, the verdict and the audit: all of it is there, or nothing. Of two that change one revision, one raises
    ChangedMeanwhile and has changed nothing, so no step is made twice and none is lost. One system has at most one
    rollout that is alive. Verdicts are only ever added.
    """

    def begin(self, state: RolloutState, who: str, ends: RolloutState | None = None) -> None:
        """Keep a new rollout, and in the same moment end the one before it.

        Args:
            ends: The one that is alive, as it is once it is over (`stages.give_up`).

        Raises:
            InputError: the system has another rollout that is alive.
            ChangedMeanwhile: `ends` was changed meanwhile.
        """
        ...

    def step(
        self, before: RolloutState, after: RolloutState, who: str, what: str, judged: JudgedVerdict | None = None
    ) -> RolloutState:
        """Replace a rollout by its next state and return that as it is kept; with the same state only keep the verdict.

        Args:
            what: What was done, in words, such as `advanced to ramp`; it goes into audit and verdict.

        Raises:
            ChangedMeanwhile: it is not `before` any more.
            UnknownModel: the version that is to serve is not registered.
        """
        ...

    def get(self, rollout: str) -> RolloutState:
        """Return one rollout. Raises UnknownRollout."""
        ...

    def newest(self, system: str | None = None, limit: int = 50) -> Sequence[RolloutState]:
        """Return rollouts, newest first."""
        ...

    def alive(self) -> Sequence[RolloutState]:
        """Return every rollout that may still change."""
        ...

    def note_watch(self, rollout: str, at: datetime, word: str) -> None:
        """Note that harm was looked for; changes nothing else."""
        ...

    def watched(self, rollout: str) -> tuple[datetime, str] | None:
        """Return when harm was last looked for, and what the verdict said; None where it never was."""
        ...

    def verdicts(
        self, rollout: str | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[VerdictRecord]:
        """Return kept verdicts, newest first."""
        ...

    def verdict(self, verdict: str) -> VerdictRecord:
        """Return one verdict. Raises UnknownRollout."""
        ...


class LiveTestStore(Protocol):
    """Where experiments are started and ended; `experiments.live_test.LiveTests` reads from it what runs.

    Laws: as of LiveTests; what one process put is what all others read.
    """

    def put(self, test: LiveTest, who: str, why: str) -> None:
        """Let a test run, or run as it is now. Audited. Raises InputError where its id is a rollout's."""
        ...

    def remove(self, test: str, who: str, why: str) -> None:
        """End a test that was put here; unknown ones are let be. Audited. Raises InputError for a rollout's."""
        ...


class Measured(Struct, frozen=True, kw_only=True):
    """What the logs say about a test at one moment; the parts of Evidence that come from them.

    Attributes:
        newest: Time of the newest row that was counted.
    """

    epochs: tuple[Epoch, ...] = ()
    control: Service = Service()
    treatment: Service = Service()
    shadow: Shadow | None = None
    newest: datetime | None = None
    prices: PriceEvidence | None = None


class Measuring(Protocol):
    """What reads the logs.

    Laws: the same rows and the same `at` give the same figures; nothing after `at` is counted; epochs in which nobody
    was in the control are not among those returned.
    """

    def measure(self, state: RolloutState, at: datetime) -> Measured:
        """Return the figures of a rollout. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Foresight:
    """What the last weeks say about a test to come.

    Attributes:
        baselines: Metric -> how it is today.
        arrivals: Units first seen on each day of those weeks.
    """

    baselines: Mapping[str, Baseline]
    arrivals: tuple[float, ...]


class Foreseeing(Protocol):
    """What says, before a test, what it will meet. Laws: nothing after `at` is counted."""

    def foresee(self, objective: Objective, at: datetime) -> Foresight:
        """Return what the weeks before `at` say of the metrics an objective tests.

        Raises:
            NotEnoughData: too few units or days to plan by; says how many.
            Unavailable: the logs do not answer.
        """
        ...
