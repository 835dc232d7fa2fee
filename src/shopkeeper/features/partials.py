"""What is kept of events: per entity and UTC day a few sums, from which every feature follows without the events.

A feature at `t` reads the sums of the days before `d(t)` and of the current day up to `t`. SQL keeps them in one table
per entity, the serving process in memory; both are derived here, so they cannot differ in what they keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shopkeeper.commerce.event import EventType
from shopkeeper.features.definitions import FEATURES, features_of
from shopkeeper.features.kinds import (
    HORIZON_DAYS,
    Age,
    Decayed,
    Distinct,
    EntityName,
    Feature,
    MeanPrice,
    Ratio,
    Total,
)

PartialKind = Literal["count", "quantity", "revenue", "days", "price", "priced", "last", "decayed"]
_LETTERS: dict[PartialKind, str] = {
    "count": "n", "quantity": "q", "revenue": "r", "days": "a", "price": "p", "priced": "c", "last": "l",
    "decayed": "x",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partial:
    """One sum over the events of one entity and one UTC day.

    `price` and `priced` are the sum and the count of prices; `last` the newest ts; `days` 1 if there is any event;
    `decayed` the sum of 2^((ts - midnight) / half_life): what the events weigh at the day's first moment.

    Attributes:
        half_life: Days, of `decayed` only.
    """

    kind: PartialKind
    events: tuple[EventType, ...]
    half_life: int = 0

    @property
    def name(self) -> str:
        """The column in a day table."""
        return f"{_LETTERS[self.kind]}{self.half_life or ''}_{'_'.join(self.events)}"


@dataclass(frozen=True, slots=True)
class Windowed:
    """One partial summed over a window."""

    partial: Partial
    window: int

    @property
    def name(self) -> str:
        """The column in a table of windows."""
        return f"{self.partial.name}_{self.window}"


@dataclass(frozen=True, slots=True)
class Members:
    """Which members met an entity on which UTC day: what a distinct count needs, as no sum of days can give it."""

    entity: EntityName
    events: tuple[EventType, ...]
    member: Literal["product", "user_id"]

    @property
    def table(self) -> str:
        """Name of the table that holds them."""
        return f"{self.entity}_members_{self.member}_{'_'.join(self.events)}"


def windowed(feature: Feature) -> tuple[Windowed, ...]:
    """Return what a feature is computed from, in the order its formula takes it; nothing for members and attributes."""
    match feature:
        case Total(events=events, window=window, measured=measured):
            return (Windowed(Partial(measured, events), window),)
        case Age(events=events):
            return (Windowed(Partial("last", events), HORIZON_DAYS),)
        case Decayed(events=events, half_life=half_life):
            return (Windowed(Partial("decayed", events, half_life), HORIZON_DAYS),)
        case MeanPrice(events=events, window=window):
            return (Windowed(Partial("price", events), window), Windowed(Partial("priced", events), window))
        case Ratio(numerator=numerator, denominator=denominator):
            return (*windowed(numerator), *windowed(denominator))
        case _:
            return ()


def windowed_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[Windowed, ...]:
    """Return each windowed sum that the features of an entity need, once."""
    return tuple(dict.fromkeys(part for feature in features_of(entity, features) for part in windowed(feature)))


def partials_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[Partial, ...]:
    """Return the columns of an entity's day table, each once."""
    return tuple(dict.fromkeys(part.partial for part in windowed_of(entity, features)))


def members_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[Members, ...]:
    """Return the member tables of an entity, each once."""
    found = (one for one in features_of(entity, features) if isinstance(one, Distinct))
    return tuple(dict.fromkeys(Members(one.entity, one.events, one.member) for one in found))
