"""The way of a live event: durable, then the shopper's profile and the live counts, so the next request sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

import msgspec

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import REFUSAL, Event, EventCount, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS
from shopkeeper.intake.consent import UserConsents, counted, effective, said_in, without_keys
from shopkeeper.intake.ports import LiveLog, RejectedRow
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.recent_ids import RecentIds
from shopkeeper.serving.telemetry import Telemetry


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


@dataclass(frozen=True, slots=True)
class TakenEvents:
    """What became of a batch of valid events."""

    accepted: int
    duplicates: int


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
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._consents = consents
        self._profiles = profiles
        self._counts = counts
        self._recent = recent
        self._telemetry = telemetry
        self._seconds = seconds

    async def take(self, events: Sequence[Event]) -> TakenEvents:
        """Write events and let them count; return when they are durable and the next answer knows them.

        Events seen lately are left out. Two batches that bring one event at the same moment are both written, as
        neither may be acknowledged before it is durable; readers drop the double, and here it counts once.

        Raises:
            Overloaded: the log is behind; nothing of the batch was taken.
        """
        fresh: dict[tuple[str, str], Event] = {}
        for event in events:
            key = (event.store, event.event_id)
            if key not in self._recent:
                fresh.setdefault(key, event)
        allowed = [(event, self.consent(event)) for event in fresh.values()]
        await self._write(allowed)
        types: Counter[str] = Counter()
        told: list[tuple[Shopper, Event]] = []
        for event, consent in allowed:
            if self._recent.add((event.store, event.event_id)):
                types[event.type] += 1
                self._count(event)
                if self._shapes(event, consent):
                    told.append((self._shopper(event), event))
        await self._profiles.write(told)
        taken = types.total()
        self._telemetry.took_events(types, len(events) - taken)
        return TakenEvents(taken, len(events) - taken)

    def recall(self, event: Event) -> None:
        """Put an event that was logged before this process started into its shopper's profile; know it if resent."""
        if self._recent.add((event.store, event.event_id)) and self._shapes(event, self.consent(event)):
            self._profiles.remember(self._shopper(event), event)

    def follow(self, event: Event) -> None:
        """Let an event count that another process took, wrote and told the shared cache of."""
        if self._recent.add((event.store, event.event_id)):
            self._count(event)
            if self._shapes(event, self.consent(event)):
                self._profiles.remember(self._shopper(event), event)

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

    def _count(self, event: Event) -> None:
        """Let a durable event change the live counts; bots change nothing."""
        if event.traffic == "human" and event.product is not None:
            card = self._catalogue.card(event.store, event.product)
            categories = card.product.categories if card is not None else ()
            self._counts.record(event.store, event.product, categories, event.type, event.ts)

    def _shapes(self, event: Event, consent: Consent) -> bool:
        """Say whether an event may change its shopper's profile; interest in a sensitive product is not kept there."""
        if event.traffic != "human" or not consent.personalise:
            return False
        card = self._catalogue.card(event.store, event.product) if event.product is not None else None
        return card is None or not card.product.sensitive or event.type in REFUSAL

    def _shopper(self, event: Event) -> Shopper:
        return Shopper(self._catalogue.group(event.store), event.user, event.visitor, event.session)

    async def _write(self, allowed: Sequence[tuple[Event, Consent]]) -> None:
        started = self._seconds()
        measured = [msgspec.json.encode(event) for event, consent in allowed if consent.measure]
        counts = [msgspec.json.encode(row) for row in counted(e for e, consent in allowed if not consent.measure)]
        if measured:
            await self._log.append(EVENTS, measured)
        if counts:
            await self._log.append(EVENT_COUNTS, counts)
        if measured or counts:
            self._telemetry.log_sync.observe((self._seconds() - started) * 1000)
