"""What kinds of features there are, and whom they describe. Names are derived, so no two features can share one.

With `t` the moment a feature is asked for, `d(t)` its UTC day, and only events with `ts < t` and `d(ts) >= d(t) - w`
(the current day so far and the `w` days before it; at midnight exactly `w` days), every kind has one formula. No event
at or after `t` enters, whatever its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shopkeeper.commerce.event import EventType

EntityName = Literal["user", "product", "user_product", "session", "store_product"]
Measured = Literal["count", "quantity", "revenue", "days"]

WINDOWS: Final = (1, 7, 30, 90)
"""Lengths of windows, days."""

HORIZON_DAYS: Final = 90
"""Nothing older is read, by any kind; so a state per entity is bounded."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Whom features describe.

    Attributes:
        scope: What keeps retailers apart: the store, or the customer group of stores that may share shoppers.
        ids: Columns of an event that name one of them within its scope; an event without one of them says nothing.
        personal: True where it describes a person; then events whose shopper refused personalisation are left out.
    """

    name: EntityName
    scope: Literal["customer_group", "store"]
    ids: tuple[str, ...]
    personal: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name one of them in every feature table."""
        return ("scope", *self.ids)


ENTITIES: Final[Mapping[EntityName, Entity]] = {
    "user": Entity("user", "customer_group", ("user_id",), personal=True),
    "product": Entity("product", "customer_group", ("product",), personal=False),
    "user_product": Entity("user_product", "customer_group", ("user_id", "product"), personal=True),
    "session": Entity("session", "store", ("session_id",), personal=True),
    "store_product": Entity("store_product", "store", ("product",), personal=False),
}


@dataclass(frozen=True, slots=True)
class Total:
    """The sum over a window of one measure of events.

    `count`: 1 an event. `quantity`: units, 1 where an event has none. `revenue`: quantity x price in the currency of
    the store, 0 where an event has no price. `days`: UTC days with at least one such event. 0 without events.

    Attributes:
        window: Days before the current one.
    """

    entity: EntityName
    events: tuple[EventType, ...]
    window: int
    measured: Measured = "count"

    @property
    def name(self) -> str:
        """Such as `user_purchases_30d` or `product_purchase_revenue_7d`."""
        return f"{self.entity}_{_subject(self.events, self.measured)}_{self.window}d"

    @property
    def unit(self) -> str:
        """What one is."""
        return {"count": "events", "quantity": "units", "revenue": "store currency", "days": "days"}[self.measured]

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        what = {"count": "1", "quantity": "quantity", "revenue": "quantity x price", "days": "1 a day"}[self.measured]
        return f"sum({what}) over {_listed(self.events)}, {self.window} d"


@dataclass(frozen=True, slots=True)
class Distinct:
    """How many different members met the entity in a window, such as products a user bought. 0 without events."""

    entity: EntityName
    events: tuple[EventType, ...]
    window: int
    member: Literal["product", "user_id"]

    @property
    def name(self) -> str:
        """Such as `user_distinct_products_purchase_90d`."""
        member = "products" if self.member == "product" else "users"
        return f"{self.entity}_distinct_{member}_{'_'.join(self.events)}_{self.window}d"

    @property
    def unit(self) -> str:
        """What one is."""
        return "products" if self.member == "product" else "users"

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        return f"distinct {self.unit} over {_listed(self.events)}, {self.window} d"


@dataclass(frozen=True, slots=True)
class Age:
    """Time from the last such event to `t`. Missing where there is none within the horizon."""

    entity: EntityName
    events: tuple[EventType, ...]

    @property
    def name(self) -> str:
        """Such as `user_last_purchase_age`."""
        return f"{self.entity}_last_{'_'.join(self.events)}_age"

    @property
    def unit(self) -> str:
        """What one is."""
        return "days"

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        return f"t - max(ts) over {_listed(self.events)}, {HORIZON_DAYS} d"


@dataclass(frozen=True, slots=True)
class Decayed:
    """Events counted with a weight that halves every `half_life` days: sum of 2^(-(t - ts) / half_life).

    Cut at the horizon. Source: exponential smoothing in continuous time, Wright 1986, Management Science 32(4).
    """

    entity: EntityName
    events: tuple[EventType, ...]
    half_life: int

    @property
    def name(self) -> str:
        """Such as `product_views_decayed_7d`."""
        return f"{self.entity}_{_subject(self.events, 'count')}_decayed_{self.half_life}d"

    @property
    def unit(self) -> str:
        """What one is."""
        return "weighted events"

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        return f"sum(2^(-(t - ts) / {self.half_life} d)) over {_listed(self.events)}, {HORIZON_DAYS} d"


@dataclass(frozen=True, slots=True)
class MeanPrice:
    """The mean price of one unit over events that have one. Missing where there is none."""

    entity: EntityName
    events: tuple[EventType, ...]
    window: int

    @property
    def name(self) -> str:
        """Such as `user_mean_purchase_price_90d`."""
        return f"{self.entity}_mean_{'_'.join(self.events)}_price_{self.window}d"

    @property
    def unit(self) -> str:
        """What one is."""
        return "store currency"

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        return f"sum(price) / count(price) over {_listed(self.events)}, {self.window} d"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share of two counts, drawn to a prior while there is little to go by: (a + prior x strength) / (b + strength).

    It is the posterior mean of a binomial share under Beta(prior x strength, (1 - prior) x strength). Source: Gelman et
    al., Bayesian Data Analysis, 3rd edition, section 2.4.

    Attributes:
        prior: The share where nothing is known.
        strength: How many events the prior is worth.
    """

    numerator: Total
    denominator: Total
    prior: float
    strength: float

    @property
    def entity(self) -> EntityName:
        """Whom it describes."""
        return self.numerator.entity

    @property
    def name(self) -> str:
        """Such as `product_purchases_per_view_30d`."""
        part = _subject(self.numerator.events, self.numerator.measured)
        return f"{self.entity}_{part}_per_{'_'.join(self.denominator.events)}_{self.denominator.window}d"

    @property
    def unit(self) -> str:
        """What one is."""
        return "share"

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        above, below = self.numerator.name, self.denominator.name
        return f"({above} + {self.prior:g} x {self.strength:g}) / ({below} + {self.strength:g})"


@dataclass(frozen=True, slots=True)
class Attribute:
    """What the newest record of a user or product says, by the source time of records: `source_ts < t`.

    The record of the entity's own scope goes before one that holds in all stores. A record withdrawn before `t` says
    nothing.

    Attributes:
        column: Column of the record.
        reading: `text` and `number` as it stands, `age` days from it to `t`, `top_category` the first step of the first
            path of categories.
        lasting: True for what rarely changes: where no record is older than `t`, the oldest one speaks for the time
            before it. Prices are never read so.
    """

    entity: Literal["user", "store_product"]
    column: str
    reading: Literal["text", "number", "age", "top_category"]
    lasting: bool

    @property
    def table(self) -> Literal["users", "products"]:
        """Where its records are."""
        return "users" if self.entity == "user" else "products"

    @property
    def name(self) -> str:
        """Such as `user_age_band` or `store_product_created_age`."""
        column = {"age": self.column.removesuffix("_at") + "_age", "top_category": "top_category"}
        return f"{self.entity}_{column.get(self.reading, self.column)}"

    @property
    def unit(self) -> str:
        """What one is."""
        return {"text": "text", "number": "store currency", "age": "days", "top_category": "text"}[self.reading]

    @property
    def formula(self) -> str:
        """The value, in words of mathematics."""
        source = f"{self.table}.{self.column}"
        return {"age": f"t - {source}", "top_category": f"first step of {source}[0]"}.get(self.reading, source)


Feature = Total | Distinct | Age | Decayed | MeanPrice | Ratio | Attribute


def _subject(events: tuple[EventType, ...], measured: Measured) -> str:
    verbs = "_".join(events)
    return {
        "count": f"{verbs}es" if verbs.endswith(("s", "h")) else f"{verbs}s",
        "quantity": f"{verbs}_units",
        "revenue": f"{verbs}_revenue",
        "days": f"{verbs}_days",
    }[measured]


def _listed(events: tuple[EventType, ...]) -> str:
    return " or ".join(events)
