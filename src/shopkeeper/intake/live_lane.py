"""The fast lane of `POST /v1/events`: batches of which every row surely is what the judge would take, decoded at once.

The judge of rows stays the only one. The lane takes a body only where the judge would take every row of it, exactly as
the lane does; any other body, good or bad, goes the judge's way, row by row. A property test holds both to the same
bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import force_setattr

from shopkeeper.commerce.event import NEEDS_PRODUCT, Event
from shopkeeper.commerce.fields import Id
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.intake.arrival import ArrivingEvents, address_columns
from shopkeeper.intake.field_mending import MISSING_WORDS
from shopkeeper.intake.plain_json import MAX_BYTES
from shopkeeper.intake.times import epoch_times, read_time
from shopkeeper.intake.validation import FIRST_MOMENT, flat
from shopkeeper.quality.row_rules import RowRules

_Label = Annotated[str, Meta(min_length=1, max_length=500)]
"""As the contract has it, but not empty: the judge leaves empty text out."""
_MANY = 25
"""From so many times on they are read together sooner than one by one."""


@dataclass(frozen=True, slots=True)
class SureEvents:
    """Events of one store, as valid as any the judge took.

    Attributes:
        lines: The same as the log keeps them, one JSON object a line.
    """

    events: Sequence[Event]
    lines: bytes


class LiveLane:
    """Reads bodies for one key. Used from one event loop.

    Args:
        judge: Says who caused an event, and what is kept of its agent.
        zone: Returns the time zone of a store.
        default_store: The only store rows may belong to, taken where a row names none; None = each names its own.
        now: The clock, UTC.
        future_seconds: How far after `now` an event's time may lie.
        most: Most rows of a body.
    """

    def __init__(
        self,
        judge: ArrivingEvents,
        zone: Callable[[object], tzinfo],
        stores: Mapping[str, Store],
        default_store: str | None,
        rules: RowRules,
        now: Callable[[], datetime],
        future_seconds: float,
        most: int,
    ) -> None:
        self._judge = judge
        self._zone = zone
        self._stores = stores
        self._default = default_store
        self._rules = rules
        self._now = now
        self._tolerance = timedelta(seconds=future_seconds)
        self._most = most
        self._given: list[Any] = [default_store or "", now()]
        sent = _sent_event(partial(self._given.__getitem__, 0), partial(self._given.__getitem__, 1))
        self._one: msgspec.json.Decoder[Any] = msgspec.json.Decoder(sent)
        self._several: msgspec.json.Decoder[Any] = msgspec.json.Decoder(list[sent])  # type: ignore[valid-type]
        self._bounds: dict[str, Mapping[str, tuple[float, float]] | None] = {}
        self._encoder = msgspec.json.Encoder()

    def read(self, body: bytes) -> list[Event] | None:
        """Return what a body holds, to be judged; None where the judge of rows has to look at it."""
        if b'"received_at"' in body:
            return None
        self._given[1] = self._now()
        try:
            events: list[Event] = self._several.decode(body) if body[:1] == b"[" else [self._one.decode(body)]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return events if 0 < len(events) <= self._most else None

    def judge(self, events: list[Event]) -> SureEvents | None:
        """Return events of one body or several, `read` here; None where the judge of rows has to look at some of them.

        Nobody else may have seen them: their times are read in place.
        """
        now = self._now()
        try:
            store = self._store_of(events)
            if store is None or not self._dated(events, now, self._zone(store)) or not _whole(events):
                return None
            return self._written(events)
        except ValueError:
            return None

    def _store_of(self, events: Sequence[Event]) -> str | None:
        """Return the one declared store all events belong to, if they keep the bounds of its contract."""
        stores = {event.store for event in events}
        store = stores.pop()
        if stores or store not in self._stores or (self._default is not None and store != self._default):
            return None
        if store not in self._bounds:
            self._bounds[store] = self._rules.bounds(EVENTS.name, store)
        bounds = self._bounds[store]
        if bounds is None or store in MISSING_WORDS:
            return None
        for column, (least, most) in bounds.items():
            values = [value for value in map(attrgetter(column), events) if value is not None]
            if values and not least <= min(values) <= max(values) <= most:
                return None
        return store

    def _dated(self, events: Sequence[Event], now: datetime, zone: tzinfo) -> bool:
        """Read the times; say whether all lie where they may."""
        said: list[Any] = [event.ts for event in events]  # as they were sent, or read already
        times = epoch_times(said) if len(said) >= _MANY and set(map(type, said)) == {float} else None
        if times is None:
            times = [_moment(value, zone) for value in said]
        for event, moment in zip(events, times, strict=True):
            force_setattr(event, "ts", moment)  # nobody else has seen it yet
        return max(times) <= now + self._tolerance and min(times) >= FIRST_MOMENT

    def _written(self, events: Sequence[Event]) -> SureEvents | None:
        agents = [event.user_agent for event in events if event.user_agent is not None]
        if any(agent != agent.strip() or "\x00" in agent for agent in agents):
            return None
        said = [event for event in events if event.traffic != "human" or event.traffic_rule is not None]
        if agents or said or self._judge.knows_people:
            events = [self._judge.arrived(event, event.user_agent, None) for event in events]
        lines = self._encoder.encode_lines(events)
        if b" " in lines and (b'" ' in lines or b' "' in lines):
            return None  # blanks around a text
        if (b"\\" in lines or not lines.isascii()) and (b"\\u0000" in lines or not all(map(_stripped, events))):
            return None
        return SureEvents(events, lines)


def _sent_event(default_store: Callable[[], str], now: Callable[[], datetime]) -> type[Struct]:
    """Return the type of an event as it is sent: nothing unknown, nothing empty, its time not yet read."""

    class SentEvent(Event, kw_only=True, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
        ts: str | float  # type: ignore[assignment]  # read at once, by the rules of `intake.times`
        store: Id = field(default_factory=default_store)
        surface: _Label | None = None
        query: _Label | None = None
        user_agent: _Label | None = None
        device: _Label | None = None
        referrer: _Label | None = None
        ip_hash: _Label | None = None
        traffic_rule: _Label | None = None
        received_at: datetime | None = field(default_factory=now)

    return SentEvent


def _moment(said: object, zone: tzinfo) -> datetime:
    """Return what `read_time` returns, without its detours for the usual form."""
    if isinstance(said, str) and len(said) < 33 and said[4:5] == "-" and said[-1] == "Z":
        return datetime.fromisoformat(said)
    return read_time(said, zone)


def _whole(events: Sequence[Event]) -> bool:
    """Say whether no identifier stands for "no value", products are named where they must be, and extras are plain."""
    products = [event.product for event in events]
    if None in products and any(e.product is None and e.type in NEEDS_PRODUCT for e in events):
        return False
    return (
        MISSING_WORDS.isdisjoint(products)
        and MISSING_WORDS.isdisjoint([event.event_id for event in events])
        and MISSING_WORDS.isdisjoint([event.visitor for event in events])
        and MISSING_WORDS.isdisjoint([event.user for event in events])
        and MISSING_WORDS.isdisjoint([event.session for event in events])
        and MISSING_WORDS.isdisjoint([event.order_id for event in events])
        and MISSING_WORDS.isdisjoint([event.decision_id for event in events])
        and all(map(_plain, [event for event in events if event.properties]))
    )


def _plain(event: Event) -> bool:
    return (
        flat(event.properties)
        and not address_columns(tuple(event.properties))
        and len(msgspec.json.encode(event)) <= MAX_BYTES
    )


def _stripped(event: Event) -> bool:
    """Say whether no identifier has blanks around it, of any kind Unicode knows."""
    ids = (event.event_id, event.visitor, event.user, event.session, event.product, event.order_id, event.decision_id)
    return all(name is None or name == name.strip() for name in ids)
