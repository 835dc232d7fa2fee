"""What was found out later about who caused events: written beside them, never into them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.commerce.event import TrafficClass
from shopkeeper.commerce.fields import Id, Label

SubjectKind = Literal["session", "visitor"]


class TrafficVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One session, or one device on one day, whose events were caused by other than a person.

    Readers leave out the events of the same store and UTC day whose session, or else visitor, is `subject`.

    Attributes:
        ts: Midnight UTC of the day.
        kind: What `subject` names; `visitor` only for events without a session.
        rule: Id of the rule that says so, such as `behaviour.rate`.
    """

    store: Id
    ts: datetime
    kind: SubjectKind
    subject: Id
    rule: Label
    traffic: TrafficClass = "suspected_bot"
