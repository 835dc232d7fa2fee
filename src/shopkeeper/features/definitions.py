"""Every feature of the shop, once: SQL for training, online reads and the documents are derived from this list.

Priors are what a shop with no data of its own may expect, each worth `strength` events: a few percent of views end in a
purchase, about one impression in thirty is clicked. With data of its own they soon weigh nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shopkeeper.features.kinds import (
    ENTITIES,
    HORIZON_DAYS,
    WINDOWS,
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


def _user() -> Iterable[Feature]:
    for window in WINDOWS:
        yield Total("user", ("view",), window)
        yield Total("user", ("cart",), window)
        yield Total("user", ("purchase",), window)
    for window in (30, 90):
        yield Total("user", ("purchase",), window, "quantity")
        yield Total("user", ("purchase",), window, "revenue")
        yield Total("user", ("view", "cart", "purchase"), window, "days")
        yield Distinct("user", ("purchase",), window, "product")
    yield Age("user", ("view", "cart", "purchase"))
    yield Age("user", ("purchase",))
    yield Decayed("user", ("purchase",), 30)
    yield MeanPrice("user", ("purchase",), 90)
    yield Ratio(Total("user", ("purchase",), 90), Total("user", ("view",), 90), prior=0.03, strength=20)
    yield Ratio(Total("user", ("refund",), 90), Total("user", ("purchase",), 90), prior=0.05, strength=10)
    for column in ("age_band", "gender", "region", "segment"):
        yield Attribute("user", column, "text", lasting=True)
    yield Attribute("user", "created_at", "age", lasting=True)


def _product(entity: EntityName) -> Iterable[Feature]:
    for window in WINDOWS:
        yield Total(entity, ("view",), window)
        yield Total(entity, ("cart",), window)
        yield Total(entity, ("purchase",), window, "quantity")
        yield Total(entity, ("purchase",), window)
    yield Total(entity, ("purchase",), 30, "revenue")
    yield Distinct(entity, ("purchase",), 30, "user_id")
    yield Age(entity, ("purchase",))
    yield Decayed(entity, ("view",), 7)
    yield Decayed(entity, ("purchase",), 7)
    yield MeanPrice(entity, ("purchase",), 30)
    yield Ratio(Total(entity, ("click",), 30), Total(entity, ("impression",), 30), prior=0.03, strength=100)
    yield Ratio(Total(entity, ("purchase",), 30), Total(entity, ("view",), 30), prior=0.03, strength=50)
    yield Ratio(Total(entity, ("refund",), 90), Total(entity, ("purchase",), 90), prior=0.05, strength=20)


def _store_product() -> Iterable[Feature]:
    yield from _product("store_product")
    yield Attribute("store_product", "price", "number", lasting=False)
    yield Attribute("store_product", "categories", "top_category", lasting=True)
    yield Attribute("store_product", "brand", "text", lasting=True)
    yield Attribute("store_product", "created_at", "age", lasting=True)


def _user_product() -> Iterable[Feature]:
    for window in (1, 7, 30):
        yield Total("user_product", ("view",), window)
    yield Total("user_product", ("cart",), 7)
    yield Total("user_product", ("purchase",), 90, "quantity")
    yield Age("user_product", ("view",))
    yield Age("user_product", ("purchase",))
    yield Decayed("user_product", ("view",), 7)


def _session() -> Iterable[Feature]:
    for event in ("view", "click", "search", "cart", "remove", "purchase"):
        yield Total("session", (event,), 1)
    yield Distinct("session", ("view",), 1, "product")
    yield Age("session", ("view", "click", "search", "cart"))
    yield MeanPrice("session", ("view",), 1)
    yield Ratio(Total("session", ("cart",), 1), Total("session", ("view",), 1), prior=0.08, strength=5)


FEATURES: Final[tuple[Feature, ...]] = (
    *_user(),
    *_product("product"),
    *_user_product(),
    *_session(),
    *_store_product(),
)
"""All features, by entity, in the order of every table that holds them."""


def features_of(entity: EntityName, features: Iterable[Feature] = FEATURES) -> tuple[Feature, ...]:
    """Return the features of one entity."""
    return tuple(feature for feature in features if feature.entity == entity)


def check_definitions(features: Iterable[Feature]) -> None:
    """Hold what the compilers rely on.

    Raises:
        ValueError: two features share a name, or a window is longer than the horizon.
    """
    named: Mapping[str, list[Feature]] = {feature.name: [] for feature in features}
    for feature in features:
        named[feature.name].append(feature)
        for part in (feature.numerator, feature.denominator) if isinstance(feature, Ratio) else (feature,):
            window = getattr(part, "window", 1)
            if not 1 <= window <= HORIZON_DAYS:
                raise ValueError(f"{feature.name} looks back {window} days; the horizon is 1 to {HORIZON_DAYS}.")
        if feature.entity not in ENTITIES:
            raise ValueError(f"{feature.name} describes {feature.entity!r}, which is no entity.")
    doubled = sorted(name for name, found in named.items() if len(found) > 1)
    if doubled:
        raise ValueError(f"Two features are called {doubled[0]!r}.")


check_definitions(FEATURES)
