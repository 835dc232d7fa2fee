"""What is kept of an experiment for ever: the frozen plan, every analysis, and who decided what and why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.experiments.analysis_record import Analysis, Outcome
from shopkeeper.experiments.foreseen_record import Foreseen
from shopkeeper.experiments.plan import ExperimentPlan

State = Literal["running", "stopped"]
Choice = Literal["adopt", "reject", "repeat", "keep running"]


class ExperimentRecord(Struct, frozen=True, kw_only=True):
    """One experiment.

    Attributes:
        plan: As it was frozen.
        digest: Of the plan.
        state: Whether it goes on.
        units_per_arm: Planned; all of alpha is spent there.
        foreseen: What was foreseen at the start; None where nothing was known.
        aa: What is known of an A/A test of the same system, in words.
        simulated: Every store in it is made up.
        started_at: When serving was told.
        started_by: Who did it.
        stopped_at: When it ended; None = it goes on.
        stopped_by: Who ended it.
        stop_reason: Why it ended.
    """

    plan: ExperimentPlan
    digest: str
    state: State = "running"
    units_per_arm: int
    foreseen: Foreseen | None = None
    aa: str
    simulated: bool = False
    started_at: datetime
    started_by: str
    stopped_at: datetime | None = None
    stopped_by: str = ""
    stop_reason: str = ""

    @property
    def name(self) -> str:
        """Name of the plan, and id of the test in the decision log."""
        return self.plan.name


class KeptAnalysis(Struct, frozen=True, kw_only=True):
    """An analysis with its number in the log."""

    number: int
    analysis: Analysis


class Resolution(Struct, frozen=True, kw_only=True):
    """What a person decided; it is added and never changed.

    Attributes:
        number: In the log; 0 before it is kept.
        experiment: Name of the plan.
        at: When.
        person: Who decided.
        choice: What is done.
        why: In a sentence.
        outcome: What the analysis had found.
        learning: What the house knows now that it did not know before, in a sentence others can use.
        analysis: Number of the analysis it was decided on.
    """

    number: int = 0
    experiment: str
    at: datetime
    person: str
    choice: Choice
    why: str
    learning: str
    analysis: int
    outcome: Outcome


def outcome_word(outcome: Outcome | None, state: State) -> str:
    """Return what an experiment came to, as people read it: one that was stopped before it was decided is undecided."""
    if outcome == "running" and state == "stopped":
        return "undecided"
    return outcome or "not analysed"
