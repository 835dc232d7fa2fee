"""What Shopkeeper answered, kept so that every answer can be explained, measured and replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from shopkeeper.commerce.fields import Count, Id, Label


class DecisionRecord(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One answer of one system.

    Attributes:
        ts: When it was answered, UTC.
        system: `recommendations`, `pricing` or `content`.
        unit: The unit of assignment; None where the shopper did not allow measurement.
        test: Id of the rollout or experiment the unit was in; None where it was in none.
        epoch: Allocation of that test, counted from 0.
        variant: Arm that answered: `control`, `treatment` or a name of the plan; `holdout`; `champion` where none runs.
        model: Version that answered; None = the rules.
        fallback: Why the rules answered instead of the model; None = the model answered.
        answer: What was answered, in the system's own words; parts of it may be JSON until it is written.
        took_ms: Time in the server, milliseconds.
    """

    decision_id: Id
    ts: datetime
    store: Id
    system: Label
    unit: Id | None = None
    session: Id | None = None
    surface: Label | None = None
    test: Id | None = None
    epoch: Count = 0
    variant: Label = "champion"
    model: Label | None = None
    fallback: Label | None = None
    cached: bool = False
    results: Count = 0
    answer: dict[str, Any] = {}
    took_ms: float = 0.0


class ShadowAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version would have answered to a request, computed beside the answer and shown to nobody.

    Attributes:
        decision_id: The decision that was shown.
        ts: When that was, UTC.
        test: Rollout the version is in the shadow of.
        unit, session: As in the decision.
        version: The version that was computed.
        error: What kind of error it ended with; None = it answered.
        agreement: Share of the shown products that it would have shown too, 0 to 1; None where one side has no answer.
        answer: What it would have answered, in the system's own words.
        chances: For each result that was shown, where chance had a part in it: its id, the chance it stood at its place
            with, and the chance that this version had shown it there.
        took_ms: Time of the model's call alone, milliseconds; of several answered by one call, the whole call's.
    """

    decision_id: Id
    ts: datetime
    store: Id
    system: Label
    test: Id
    version: Label
    unit: Id | None = None
    session: Id | None = None
    surface: Label | None = None
    error: Label | None = None
    agreement: float | None = None
    results: Count = 0
    answer: dict[str, Any] = {}
    chances: tuple[tuple[str, float, float], ...] = ()
    took_ms: float = 0.0
