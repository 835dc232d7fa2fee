"""What is looked at for drift, and what each figure rests on: how far it looks back, and which events it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from shopkeeper.features.definitions import FEATURES
from shopkeeper.features.kinds import (
    HORIZON_DAYS,
    Age,
    Attribute,
    Decayed,
    Distinct,
    EntityName,
    Feature,
    MeanPrice,
    Ratio,
    Total,
)

TABLES: Final[tuple[EntityName, ...]] = ("user", "session", "store_product")
"""Entities whose features are looked at; those of `product` say of a group what store_product says of its stores."""
DEMAND: Final[Mapping[str, str]] = {
    "demand_category": "store_product_top_category",
    "demand_brand": "store_product_brand",
    "demand_price": "store_product_price",
    "demand_views": "store_product_views_30d",
}
"""Figure of what shoppers last looked at -> feature of that product."""
VISIT: Final = ("visit_search", "visit_cart", "visit_purchase", "visit_refund")
"""Mix of events: whether a visit had such an event."""
_FELT_AGE: Final = 7
_FIELDS: Final[Mapping[EntityName, str]] = {
    "user": "user", "session": "session", "store_product": "product", "product": "product", "user_product": "product",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """One figure.

    Attributes:
        kind: Kind of the rows it stands in.
        looks_back: Days of history it needs to be whole.
        feels: Days back on which a special period of the calendar shows in it.
        sources: Types of events, and fields of them such as `purchase.price`, it is made of.
        shared_by: Column of what has the value, where many rows share one that comes by chance, such as how often a
            product was looked at: there are only as many independent rows as such things. Empty where a row is one.
        always: It matters whatever the model's importances say: it is what shoppers do, not what a model reads.
    """

    name: str
    kind: str
    looks_back: int
    feels: int
    sources: tuple[str, ...]
    always: bool = False
    shared_by: str = ""


@cache
def subjects() -> Mapping[str, Subject]:
    """Return everything that is looked at, by name. What grows by itself, such as the age of an account, is not."""
    grows = [one for one in FEATURES if isinstance(one, Attribute) and one.reading == "age"]
    listed = [_subject(one) for one in FEATURES if one.entity in TABLES and one not in grows]
    reach = {one.name: _reach(one) for one in FEATURES}
    looked, visited = _sources(("view",), "product"), _sources(("view",), "session")
    shared = {"demand_views": "demand_product"}
    listed += [
        Subject(name, "demand", *reach[source], looked, always=True, shared_by=shared.get(name, ""))
        for name, source in DEMAND.items()
    ]
    listed.append(Subject("demand_product", "demand", 0, 0, looked, always=True))
    listed += [Subject(name, "visit", 0, 0, visited, always=True) for name in VISIT]
    return {one.name: one for one in listed}


def _subject(feature: Feature) -> Subject:
    back, feels = _reach(feature)
    sources: dict[str, None] = {}
    for part in (feature.numerator, feature.denominator) if isinstance(feature, Ratio) else (feature,):
        if isinstance(part, Attribute):
            continue
        sources |= dict.fromkeys(_sources(part.events, _FIELDS[feature.entity]))
        if isinstance(part, MeanPrice) or (isinstance(part, Total) and part.measured == "revenue"):
            sources |= dict.fromkeys(f"{event}.price" for event in part.events)
        if isinstance(part, Distinct):
            sources |= dict.fromkeys(f"{event}.{part.member.removesuffix('_id')}" for event in part.events)
    return Subject(feature.name, feature.entity, back, feels, tuple(sources))


def _reach(feature: Feature) -> tuple[int, int]:
    if isinstance(feature, Attribute):
        return 0, 0
    if isinstance(feature, Age):
        return HORIZON_DAYS, _FELT_AGE
    if isinstance(feature, Decayed):
        return min(3 * feature.half_life, HORIZON_DAYS), feature.half_life
    window = feature.denominator.window if isinstance(feature, Ratio) else feature.window
    return window, window


def _sources(events: Iterable[str], field: str) -> tuple[str, ...]:
    return tuple(source for event in events for source in (event, f"{event}.{field}"))
