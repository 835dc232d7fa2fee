"""The definitions in memory: sums per entity and day, updated event by event, read without SQL.

A day's sums are those of the day tables, so a read is the same arithmetic as the SQL over the same events. Bounded: per
entity the days of the horizon and a number of members, per kind of entity a number of them; the longest unseen go
first. What went is missing from later reads, as if it had not happened; size the bounds by `len`.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.traffic import Judged, TrafficVerdict, judged_with
from shopkeeper.features.attributes import attribute_of
from shopkeeper.features.definitions import FEATURES, features_of
from shopkeeper.features.kinds import (
    ENTITIES,
    HORIZON_DAYS,
    Age,
    Attribute,
    Decayed,
    Distinct,
    Entity,
    EntityName,
    Feature,
    MeanPrice,
    Ratio,
)
from shopkeeper.features.partials import Members, Partial, members_of, partials_of, windowed
from shopkeeper.features.ports import FeatureValue

_DAY: Final = timedelta(days=1)
_Key = tuple[str, ...]


@dataclass(slots=True)
class _Day:
    """One entity's sums of one UTC day: a number a partial, and the newest ts of those that ask for it."""

    sums: list[float]
    newest: dict[int, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class _State:
    """One entity: its days, and of each member table the last day each member was met."""

    days: dict[date, _Day] = field(default_factory=dict)
    members: dict[Members, OrderedDict[str, date]] = field(default_factory=dict)


class _Kind:
    """What is kept of one kind of entity, resolved once."""

    def __init__(self, entity: Entity, features: tuple[Feature, ...]) -> None:
        self.entity = entity
        self.features = features_of(entity.name, features)
        self.partials = partials_of(entity.name, features)
        self.place = {partial: number for number, partial in enumerate(self.partials)}
        self.of_event: dict[EventType, list[tuple[int, Partial]]] = {}
        for number, partial in enumerate(self.partials):
            for event in partial.events:
                self.of_event.setdefault(event, []).append((number, partial))
        self.members = members_of(entity.name, features)
        self.states: OrderedDict[_Key, _State] = OrderedDict()


class OnlineFeatures:
    """Implements `features.ports.OnlineReads`. From one thread at a time.

    Args:
        store_of: Returns a store by name; None where it is not declared.
        entities: Most entities of each kind.
        members: Most members of an entity in each member table.
        verdicts: Most verdicts about traffic, the newest.
    """

    def __init__(
        self,
        store_of: Callable[[str], Store | None],
        features: Iterable[Feature] = FEATURES,
        *,
        entities: int = 200_000,
        members: int = 2_000,
        verdicts: int = 100_000,
    ) -> None:
        listed = tuple(features)
        self._store_of = store_of
        self._most_entities = entities
        self._most_members = members
        self._most_verdicts = verdicts
        self._machines: OrderedDict[Judged, None] = OrderedDict()
        self._kinds = {name: _Kind(entity, listed) for name, entity in ENTITIES.items()}

    def __len__(self) -> int:
        """Return how many entities are held, of all kinds."""
        return sum(len(kind.states) for kind in self._kinds.values())

    def observe(self, event: Event) -> None:
        """Take in one event; one that is not of a person changes nothing."""
        if event.traffic != "human" or judged_with(event) in self._machines:
            return
        store = self._store_of(event.store)
        ids = {
            "customer_group": store.group if store is not None else event.store,
            "store": event.store,
            "user_id": event.user or "",
            "session_id": event.session or "",
            "product": event.product or "",
        }
        allowed = _allowed(event.consent, store)
        for kind in self._kinds.values():
            if all(ids[column] for column in kind.entity.ids) and (allowed or not kind.entity.personal):
                self._add(kind, event, ids, allowed)

    def leave_out(self, verdict: TrafficVerdict) -> None:
        """Take in no more events that a verdict speaks about."""
        if verdict.traffic == "human":
            return
        self._machines[verdict.judged] = None
        if len(self._machines) > self._most_verdicts:
            self._machines.popitem(last=False)

    def forget(self, scope: str, user: str) -> int:
        """Forget a user, also as a member of others; return how many states held them."""
        held = 0
        for kind in self._kinds.values():
            if "user_id" in kind.entity.ids:
                place = kind.entity.keys.index("user_id")
                gone = [key for key in kind.states if key[0] == scope and key[place] == user]
                for key in gone:
                    del kind.states[key]
                held += len(gone)
            for state in kind.states.values():
                for members, met in state.members.items():
                    held += members.member == "user_id" and met.pop(user, None) is not None
        return held

    def read(
        self, entity: EntityName, scope: str, ids: Sequence[str], at: datetime, record: User | Product | None = None
    ) -> dict[str, FeatureValue]:
        """Return the features of one entity as of `at`; of one never seen those of an entity without events."""
        kind = self._kinds[entity]
        state = kind.states.get((scope, *ids)) or _State()
        moment = at.astimezone(UTC)
        return {feature.name: _value(kind, state, feature, moment, record) for feature in kind.features}

    def _add(self, kind: _Kind, event: Event, ids: dict[str, str], allowed: bool) -> None:
        concerned = kind.of_event.get(event.type, ())
        met = [
            one
            for one in kind.members
            if event.type in one.events and ids[one.member] and (allowed or one.member != "user_id")
        ]
        if not concerned and not met:
            return
        ts = event.ts.astimezone(UTC)
        state = self._state(kind, (ids[kind.entity.scope], *(ids[column] for column in kind.entity.ids)))
        day = state.days.get(ts.date())
        if day is None:
            day = state.days[ts.date()] = _Day([0.0] * len(kind.partials))
            oldest = max(state.days) - HORIZON_DAYS * _DAY
            for past in [past for past in state.days if past < oldest]:
                del state.days[past]
        for number, partial in concerned:
            _count(day, number, partial, event, ts)
        for one in met:
            self._meet(state.members.setdefault(one, OrderedDict()), ids[one.member], ts.date())

    def _meet(self, met: OrderedDict[str, date], member: str, day: date) -> None:
        met[member] = max(day, met.get(member, day))
        met.move_to_end(member)
        if len(met) > self._most_members:
            met.popitem(last=False)

    def _state(self, kind: _Kind, key: _Key) -> _State:
        state = kind.states.get(key)
        if state is None:
            state = kind.states[key] = _State()
            if len(kind.states) > self._most_entities:
                kind.states.popitem(last=False)
        else:
            kind.states.move_to_end(key)
        return state


def _allowed(consent: Consent | None, store: Store | None) -> bool:
    """Return whether the shopper lets the shop remember: the event's word, else the store's default."""
    if consent is not None and consent.personalise is not None:
        return consent.personalise
    return store is None or store.consent_default.personalise is not False


def _count(day: _Day, number: int, partial: Partial, event: Event, ts: datetime) -> None:
    units = 1.0 if event.quantity is None else event.quantity
    match partial.kind:
        case "count":
            day.sums[number] += 1.0
        case "days":
            day.sums[number] = 1.0
        case "quantity":
            day.sums[number] += units
        case "revenue":
            day.sums[number] += units * (event.price or 0.0)
        case "price":
            day.sums[number] += event.price or 0.0
        case "priced":
            day.sums[number] += event.price is not None
        case "last":
            day.newest[number] = max(ts, day.newest.get(number, ts))
        case "decayed":
            day.sums[number] += 2.0 ** (_days(ts - _midnight(ts.date())) / partial.half_life)


def _value(  # noqa: PLR0911 - one a kind
    kind: _Kind, state: _State, feature: Feature, at: datetime, record: User | Product | None
) -> FeatureValue:
    parts = windowed(feature)
    today = at.date()
    match feature:
        case Age():
            number = kind.place[parts[0].partial]
            seen = [day.newest[number] for day in _within(state, today, HORIZON_DAYS) if number in day.newest]
            return _days(at - max(seen)) if seen else None
        case Decayed(half_life=half_life):
            number = kind.place[parts[0].partial]
            first = today - HORIZON_DAYS * _DAY
            return math.fsum(
                sums.sums[number] * 2.0 ** (-_days(at - _midnight(day)) / half_life)
                for day, sums in state.days.items()
                if first <= day <= today
            )
        case Distinct(window=window):
            met = state.members.get(Members(feature.entity, feature.events, feature.member))
            return float(sum(today - window * _DAY <= day <= today for day in met.values())) if met else 0.0
        case Attribute():
            return attribute_of(feature, record, at)
        case MeanPrice():
            total, count = (_sum(kind, state, part.partial, part.window, today) for part in parts)
            return total / count if count else None
        case Ratio(prior=prior, strength=strength):
            above, below = (_sum(kind, state, part.partial, part.window, today) for part in parts)
            return (above + prior * strength) / (below + strength)
        case _:
            return _sum(kind, state, parts[0].partial, parts[0].window, today)


def _sum(kind: _Kind, state: _State, partial: Partial, window: int, today: date) -> float:
    number = kind.place[partial]
    return math.fsum(day.sums[number] for day in _within(state, today, window))


def _within(state: _State, today: date, window: int) -> Iterable[_Day]:
    first = today - window * _DAY
    return (sums for day, sums in state.days.items() if first <= day <= today)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _days(span: timedelta) -> float:
    return span / _DAY
