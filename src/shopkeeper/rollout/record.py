"""A verdict as it is kept: with the evidence and the objective it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence, Stage
from shopkeeper.rollout.findings import Verdict, Word


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


def written(value: Objective | Evidence | Verdict) -> str:
    """Return one of the three as it is kept: JSON that reads back as the same, with floats as their shortest text."""
    return msgspec.json.encode(value).decode()
