"""A verdict as it is kept: with the evidence and the objective it was made from, so that it can be made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence, Stage
from shopkeeper.rollout.verdict import Verdict, Word, decide


@dataclass(frozen=True, slots=True)
class JudgedVerdict:
    """A verdict with what it was made from."""

    objective: Objective
    evidence: Evidence
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict as it was kept.

    Attributes:
        id: The rollout's id and a number, such as `recommendations-20261126-0001/3`.
        effect: What came of it, such as `advanced to ramp` or `nothing`.
        objective, evidence, verdict: JSON, byte for byte as it was written.
        digest: Of the objective.
    """

    id: str
    rollout: str
    at: datetime
    stage: Stage
    word: Word
    why: str
    effect: str
    digest: str
    objective: str
    evidence: str
    verdict: str

    @property
    def read(self) -> Verdict:
        """The verdict to show."""
        return msgspec.json.decode(self.verdict, type=Verdict)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A kept verdict made again.

    Attributes:
        same: Whether every byte is the same.
        verdict: As it comes out now.
    """

    same: bool
    verdict: Verdict


def written(value: Objective | Evidence | Verdict) -> str:
    """Return one of the three as it is kept: JSON that reads back as the same, with floats as their shortest text."""
    return msgspec.json.encode(value).decode()


def recompute(record: VerdictRecord) -> Recomputed:
    """Make a kept verdict again from its own evidence and objective."""
    objective = msgspec.json.decode(record.objective, type=Objective)
    again = decide(objective, msgspec.json.decode(record.evidence, type=Evidence))
    return Recomputed(written(again) == record.verdict, again)
