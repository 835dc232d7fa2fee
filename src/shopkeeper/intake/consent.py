"""What a shopper allows, found in order: the event or request, the user's record, the store's default.

Rules that hold everywhere:
- without `personalise` no profile is read or written, and the answer comes from the context of the request;
- without `measure` nothing that carries a key is logged: events become counts per store, UTC day, type and product,
  and a decision is recorded without unit, session and answer;
- what nobody said is not allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from shopkeeper.commerce.consent import NO_CONSENT, Consent
from shopkeeper.commerce.event import Event, EventCount, meant
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.intake.ports import RejectedRow, SourcedRow

NOT_SAID = Consent()
KEPT_OF_UNMEASURED = frozenset(
    {"ts", "store", "type", "product", "quantity", "price", "currency", "surface", "consent"}
)
"""What may stay of a rejected event; a list of what may, because an unknown column may be an e-mail address."""


_FLAT = {"consent_measure": "measure", "consent_personalise": "personalise", "consent_email": "email"}


class UserConsents:
    """What user records say. Only users whose record says anything take memory."""

    def __init__(self, group: Callable[[str], str]) -> None:
        self._group = group
        self._said: dict[str, dict[str, tuple[datetime, Consent]]] = {}
        """User -> store of the record -> (source time, consent); a deleted record says nothing but keeps its time."""

    def apply(self, rows: Iterable[SourcedRow]) -> None:
        """Take in user records; older ones change nothing, rows of other tables are ignored."""
        for sourced in rows:
            row = sourced.row
            if not isinstance(row, User):
                continue
            records = self._said.get(row.user)
            consent = NOT_SAID if sourced.deleted or row.consent is None else row.consent
            if records is None:
                if consent == NOT_SAID:
                    continue
                records = self._said[row.user] = {}
            old = records.get(row.store)
            if old is None or sourced.source_ts >= old[0]:
                records[row.store] = (sourced.source_ts, consent)

    def users(self) -> frozenset[str]:
        """Return the users whose records say anything, or once did."""
        return frozenset(self._said)

    def silent_about(self, users: Set[str | None]) -> bool:
        """Say whether no record says anything about any of some users."""
        return self._said.keys().isdisjoint(users)

    def of(self, store: str, user: str | None) -> Consent:
        """Return what the records of a user say for a store: its own, the shared one, others of its customer group.

        Profiles are shared within a group, so a refusal in one store of it counts in the others.
        """
        records = self._said.get(user) if user is not None else None
        if records is None:
            return NOT_SAID
        said = NOT_SAID
        group = self._group(store)
        for name in (store, ALL_STORES, *sorted(records)):
            record = records.get(name)
            if record is not None and (name in (ALL_STORES, store) or self._group(name) == group):
                said = said.or_else(record[1])
        return said


def effective(said: Consent | None, record: Consent, store: Store | None) -> Consent:
    """Return what holds, every field said: the event's or request's word, else the record's, else the store's, else no.

    Args:
        said: From the event or request.
        record: From the user's record.
        store: The store; None, an undeclared one, allows nothing by default.
    """
    resolved = record if said is None else said.or_else(record)
    if store is not None:
        resolved = resolved.or_else(store.consent_default)
    return resolved.or_else(NO_CONSENT)


def counted(events: Iterable[Event]) -> list[EventCount]:
    """Return what stays of events without consent: store, UTC day, type, product and units, each event known by a hash.

    A row for each event, as the same event may come again in another company: a beacon first, then two exports whose
    days overlap. The lake keeps one of each.
    """
    return [
        EventCount(
            count_id=blake2b(event.event_id.encode(), digest_size=16).hexdigest(),
            ts=event.ts.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            store=event.store, type=meant(event), product=event.product or "", quantity=event.quantity,
        )
        for event in events
    ]  # fmt: skip


def said_in(raw: Mapping[str, Any]) -> Consent:
    """Return what a raw event says; a consent that cannot be read is taken as a refusal."""
    flat = {name: raw[column] for column, name in _FLAT.items() if raw.get(column) not in (None, "")}
    given = raw.get("consent")
    try:
        nested = {} if given in (None, "") else msgspec.convert(given, dict[str, Any])
        return msgspec.convert({**flat, **nested}, Consent, strict=False)
    except msgspec.ValidationError:
        return NO_CONSENT


def without_keys(row: RejectedRow) -> RejectedRow:
    """Return a rejected event without anything that may lead to a person, values in its problems included."""
    raw: dict[str, Any] = {
        name: value
        for name, value in row.raw.items()
        if name in KEPT_OF_UNMEASURED and isinstance(value, (str, int, float))
    }
    raw["consent"] = {"measure": False}
    problems = tuple(
        problem
        if problem.field in KEPT_OF_UNMEASURED
        else replace(problem, reason="cannot be used; its value is not kept, as the shopper did not allow measurement")
        for problem in row.problems
    )
    return replace(row, raw=raw, problems=problems)
