"""What is kept of events: per entity and UTC day a few sums, from which every feature follows without the events.

A feature at `t` reads the sums of the days before `d(t)` and of the current day up to `t`. SQL keeps them in one table
per entity, the serving process in memory; both are derived here, so they cannot differ in what they keep.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

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
BOUGHT: Final[frozenset[EventType]] = frozenset({"purchase", "refund"})
"""Types of events whose sums are kept apart. They are a few percent of all events and have most of the sums, so that of
all that are merely looked at on a day nothing but a few counts is written."""


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
class DayTable:
    """Sums of an entity by UTC day, a column a partial.

    Attributes:
        bought: They need events of `BOUGHT` alone.
    """

    entity: EntityName
    partials: tuple[Partial, ...]
    bought: bool

    @property
    def name(self) -> str:
        """Name of the table."""
        return f"{self.entity}_days{'_bought' if self.bought else ''}"


@dataclass(frozen=True, slots=True)
class Members:
    """Which members met an entity on which UTC day: what a distinct count needs, as no sum of days can give it."""

    entity: EntityName
    events: tuple[EventType, ...]
    member: Literal["product", "user_id"]

    @property
    def name(self) -> str:
        """Name of the table that holds them."""
        return f"{self.entity}_members_{self.member}_{'_'.join(self.events)}"

    @property
    def bought(self) -> bool:
        """They need events of `BOUGHT` alone."""
        return BOUGHT.issuperset(self.events)


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
    """Return the sums of an entity's days, each once."""
    return tuple(dict.fromkeys(part.partial for part in windowed_of(entity, features)))


def day_tables(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[DayTable, ...]:
    """Return the tables that hold the sums of an entity's days: each sum in one, and none without a sum."""
    partials = partials_of(entity, features)
    bought = tuple(one for one in partials if BOUGHT.issuperset(one.events))
    others = tuple(one for one in partials if one not in bought)
    both = DayTable(entity, others, bought=False), DayTable(entity, bought, bought=True)
    return tuple(table for table in both if table.partials)


def members_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[Members, ...]:
    """Return the member tables of an entity, each once."""
    found = (one for one in features_of(entity, features) if isinstance(one, Distinct))
    return tuple(dict.fromkeys(Members(one.entity, one.events, one.member) for one in found))
