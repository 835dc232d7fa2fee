"""The way of a live event: durable, then the shopper's profile and the live counts, so the next request sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, cast

import msgspec

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import REFUSAL, Event, EventCount, EventType, meant
from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS
from shopkeeper.intake.consent import UserConsents, counted, effective, said_in, without_keys
from shopkeeper.intake.ports import LiveLog, RejectedRow
from shopkeeper.serving.catalogue import Card, Catalogue
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.recent_ids import RecentIds
from shopkeeper.serving.telemetry import Telemetry

_encoder = msgspec.json.Encoder()
_Allowed = tuple[Event, Consent]


class LiveCounts(Protocol):
    """Takes live events as counts of products, without the shopper."""

    def record(
        self,
        store: str,
        product: str | None,
        categories: Iterable[str],
        type: EventType,  # noqa: A002 - the column's name
        ts: datetime,
    ) -> None:
        """Count one event."""
        ...

    def record_all(self, store: str, events: Sequence[Event], categories: Sequence[Iterable[str]]) -> None:
        """Count events of a store as `record` does, each with the categories of its product."""
        ...


class LiveSequences(Protocol):
    """Takes live events as what one shopper did after another thing."""

    def record(self, group: str, events: Sequence[Event]) -> None:
        """Hear events of shoppers of a customer group who allow personalisation."""
        ...


@dataclass(frozen=True, slots=True)
class TakenEvents:
    """What became of a batch of valid events."""

    accepted: int
    duplicates: int


ONE_TAKEN: Final = TakenEvents(1, 0)
"""What becomes of most bodies: their one event was taken."""


class LiveEvents:
    """Takes valid events in. Used from one event loop.

    Args:
        seconds: Seconds that never go back, for the time until rows are durable.
    """

    def __init__(
        self,
        log: LiveLog,
        catalogue: Catalogue,
        consents: UserConsents,
        profiles: Profiles,
        counts: LiveCounts,
        recent: RecentIds,
        telemetry: Telemetry,
        seconds: Callable[[], float],
        *,
        sequences: LiveSequences,
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._consents = consents
        self._profiles = profiles
        self._counts = counts
        self._sequences = sequences
        self._recent = recent
        self._telemetry = telemetry
        self._seconds = seconds

    async def take(self, events: Sequence[Event], lines: bytes | None = None) -> TakenEvents:
        """Take events as `take_each` does, and return how many."""
        taken = len(await self.take_each(events, lines))
        return TakenEvents(taken, len(events) - taken)

    async def take_each(self, events: Sequence[Event], lines: bytes | None = None) -> list[int]:
        """Write events and let them count; return when they are durable and the next answer knows them.

        Events seen lately are left out. Two batches that bring one event at the same moment are both written, as
        neither may be acknowledged before it is durable; readers drop the double, and here it counts once.

        Args:
            lines: The events as the log keeps them, where somebody has encoded them already.

        Returns:
            The places of the events that were taken; the others are duplicates.

        Raises:
            Overloaded: the log is behind; nothing of the batch was taken.
        """
        sent = len(events)
        keys = [(event.store, event.event_id) for event in events]
        fresh = self._recent.unseen(keys)
        if len(fresh) < sent:
            events, keys, lines = [events[n] for n in fresh], [keys[n] for n in fresh], None
        consents = self._consents_of(events)
        await self._write(events, consents, lines)
        places = self._recent.add_all(keys)
        if len(places) < len(events):
            events, consents = [events[n] for n in places], [consents[n] for n in places]
        for store, theirs in _by_store(list(zip(events, consents, strict=True))):
            group, shaping = self._catalogue.group(store), self._count(store, theirs)
            self._sequences.record(group, shaping)
            await self._profiles.write(group, shaping)
        self._telemetry.took_events(Counter([event.type for event in events]), sent - len(events))
        return [fresh[n] for n in places]

    def recall(self, event: Event) -> None:
        """Put an event that was logged before this process started into its shopper's profile; know it if resent."""
        if self._recent.add((event.store, event.event_id)):
            allowed = _human([(event, self.consent(event))])
            self._remember(event.store, _shaping(allowed, self._cards(event.store, allowed)))

    def follow(self, event: Event) -> None:
        """Let an event count that another process took, wrote and told the shared cache of."""
        if self._recent.add((event.store, event.event_id)):
            self._remember(event.store, self._count(event.store, [(event, self.consent(event))]))

    def follow_count(self, row: EventCount, now: datetime) -> None:
        """Let an event without consent count that another process took; the log knows its day and no time."""
        if self._recent.add((row.store, row.count_id)) and row.product and row.ts.date() == now.date():
            card = self._catalogue.card(row.store, row.product)
            categories = card.product.categories if card is not None else ()
            self._counts.record(row.store, row.product, categories, cast("EventType", row.type), now)

    def consent(self, event: Event) -> Consent:
        """Return what holds for an event."""
        record = self._consents.of(event.store, event.user)
        return effective(event.consent, record, self._catalogue.store(event.store))

    def quarantined(self, row: RejectedRow) -> RejectedRow:
        """Return a rejected event as it may be kept: whole, or without keys where the shopper is not measured."""
        raw = row.raw
        user, store = raw.get("user"), raw.get("store") or row.store
        record = self._consents.of(str(store), str(user) if user is not None else None)
        consent = effective(said_in(raw), record, self._catalogue.store(str(store)))
        return row if consent.measure else without_keys(row)

    def _consents_of(self, events: Sequence[Event]) -> list[Consent]:
        """Return what holds for each event; shoppers of a batch whose records say nothing share what holds."""
        stores, said = {event.store for event in events}, {event.consent for event in events}
        if len(stores) == len(said) == 1 and self._consents.silent_about({event.user for event in events}):
            return [self.consent(events[0])] * len(events)
        return [self.consent(event) for event in events]

    def _count(self, store: str, allowed: Sequence[_Allowed]) -> list[Event]:
        """Let durable events change the live counts; return those that may change their shopper's profile."""
        human = _human(allowed)
        cards = self._cards(store, human)
        categories = [card.product.categories if card is not None else () for card in cards]
        self._counts.record_all(store, [event for event, _ in human], categories)
        return _shaping(human, cards)

    def _cards(self, store: str, allowed: Sequence[_Allowed]) -> list[Card | None]:
        return self._catalogue.cards_of(store, [event.product for event, _ in allowed])

    def _remember(self, store: str, events: Sequence[Event]) -> None:
        group = self._catalogue.group(store)
        self._sequences.record(group, events)
        for event in events:
            self._profiles.remember(group, event)

    async def _write(self, events: Sequence[Event], consents: Sequence[Consent], lines: bytes | None) -> None:
        started = self._seconds()
        measured = [event for event, consent in zip(events, consents, strict=True) if consent.measure]
        if measured:
            if lines is None or len(measured) < len(events):
                lines = _encoder.encode_lines(measured)
            await self._log.append_lines(EVENTS, lines, len(measured))
        if len(measured) < len(events):
            others = [event for event, consent in zip(events, consents, strict=True) if not consent.measure]
            await self._log.append(EVENT_COUNTS, [msgspec.json.encode(row) for row in counted(others)])
        if events:
            self._telemetry.log_sync.observe((self._seconds() - started) * 1000)


def _by_store(allowed: Sequence[_Allowed]) -> Iterable[tuple[str, Sequence[_Allowed]]]:
    stores = {event.store for event, _ in allowed}
    if len(stores) == 1:
        return [(stores.pop(), allowed)]
    return [(store, [pair for pair in allowed if pair[0].store == store]) for store in sorted(stores)]


def _human(allowed: Sequence[_Allowed]) -> list[_Allowed]:
    """Return events of people: bots change nothing."""
    return [pair for pair in allowed if pair[0].traffic == "human"]


def _shaping(allowed: Sequence[_Allowed], cards: Sequence[Card | None]) -> list[Event]:
    """Return events that may change their shopper's profile; interest in a sensitive product is not kept there."""
    return [
        event
        for (event, consent), card in zip(allowed, cards, strict=True)
        if consent.personalise and (card is None or not card.product.sensitive or meant(event) in REFUSAL)
    ]
