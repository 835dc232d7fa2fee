"""The audit as a person reads it: who did what, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopkeeper.web.locale_text import ago
from shopkeeper.wiring.serving import Serving

KINDS = {
    "": "everything",
    "rollout.": "rollouts",
    "rules.": "rules",
    "model.": "models",
    "retraining.": "retraining",
    "person.": "people and sign-ins",
    "key.": "API keys",
    "shopper.": "looks at shoppers",
}
"""Beginnings of actions, and what they are about."""


@dataclass(frozen=True, slots=True)
class AuditView:
    """One entry, ready to be shown.

    Attributes:
        name: Who, without the numbers.
        signed: It was a person who signed in.
        detail: What of, in words: `store uk, scopes events decide`.
    """

    at: datetime
    when: str
    name: str
    signed: bool
    person: str | None
    session: str | None
    action: str
    detail: str


def audit_views(serving: Serving, person: str | None, kind: str, limit: int, now: datetime) -> list[AuditView]:
    """Return the newest entries of a person, of a kind, or both."""
    return [_view(entry, now) for entry in serving.state.audit.found(person or None, kind or None, limit)]


def audit_headline(views: Sequence[AuditView], limit: int) -> str:
    """Return the answer to the page's question in one sentence."""
    if not views:
        return "Nothing like this was done yet."
    people = len({view.person for view in views if view.signed})
    others = sum(not view.signed for view in views)
    more = "at least " if len(views) == limit else ""
    entries = f"{len(views)} {'entry' if len(views) == 1 else 'entries'}"
    first = f"{more}{entries}, by {people} {'person' if people == 1 else 'people'} who signed in"
    rest = f"; {others} by a machine, a shell's account or from before there were people" if others else ""
    return f"{first[0].upper()}{first[1:]}{rest}; the newest {views[0].when}."


def _view(entry: dict[str, Any], now: datetime) -> AuditView:
    signed = entry["person"] is not None
    return AuditView(
        at=entry["at"],
        when=ago(entry["at"], now),
        name=str(entry["who"]).partition(" (person ")[0] if signed else str(entry["who"]),
        signed=signed,
        person=entry["person"],
        session=entry["session"],
        action=entry["action"],
        detail=", ".join(f"{name.replace('_', ' ')} {_words(value)}" for name, value in entry["detail"].items()),
    )


def _words(value: Any) -> str:  # noqa: ANN401 - logged JSON
    if isinstance(value, list):
        return " ".join(_words(one) for one in value) or "none"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_words(one)}" for name, one in value.items()) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
