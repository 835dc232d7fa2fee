"""What was found out later about who caused events: written beside them, never into them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.commerce.event import Event, TrafficClass
from shopkeeper.commerce.fields import Id, Label

SubjectKind = Literal["session", "visitor"]
Judged = tuple[str, SubjectKind, str, date]
"""Store, kind, subject and UTC day: whom a verdict speaks about."""


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

    @property
    def judged(self) -> Judged:
        """Whom it speaks about."""
        return self.store, self.kind, self.subject, self.ts.astimezone(UTC).date()


def judged_with(event: Event) -> Judged:
    """Return whom a verdict must speak about to hold for an event. The rule in SQL: the view `human_events`."""
    kind: SubjectKind = "session" if event.session else "visitor"
    return event.store, kind, event.session or event.visitor or "", event.ts.astimezone(UTC).date()
