"""Makes a kept verdict again from what was kept beside it, to hold that it comes out the same."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.record import VerdictRecord, written
from shopkeeper.rollout.verdict import decide


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A kept verdict made again.

    Attributes:
        same: Whether every byte is the same.
        verdict: As it comes out now.
    """

    same: bool
    verdict: Verdict


def recompute(record: VerdictRecord) -> Recomputed:
    """Make a kept verdict again from its own evidence and objective."""
    objective = msgspec.json.decode(record.objective, type=Objective)
    again = decide(objective, msgspec.json.decode(record.evidence, type=Evidence))
    return Recomputed(written(again) == record.verdict, again)
