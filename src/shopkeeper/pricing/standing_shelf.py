"""The prices of several stores of one currency as the optimizer's shelf, and the weeks of sales behind each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np

from shopkeeper.commerce.calendar import read_calendar
from shopkeeper.commerce.store import Store
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.house.history import Pairs
from shopkeeper.pricing.house.standing import Standing
from shopkeeper.pricing.policy.price_policy import Period, PricePolicy
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.rules.traits import Traits
from shopkeeper.pricing.shelf import NO_PARENT, Flags, Floats, Ints, Shelf

_FIELDS: Final = (
    "current", "week_ago", "changed_days", "cost", "cost_days", "cost_before", "rival_lowest", "rival_median",
    "rival_days", "advertised", "prior", "announced", "year_ago",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoreState:
    """One store as it stands.

    Attributes:
        retail: Price list of ordinary shoppers, which is learnt from and proposed for.
        standings: Its prices, by price list.
    """

    store: Store
    retail: str
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class StandingShelf:
    """A shelf and what lies behind its prices; arrays of shape (prices,).

    Attributes:
        pair: Pair of the history, -1 where nothing was learnt: other price lists, products never sold.
        retail: Whether it is a price of its store's retail list.
        stock, rival, promo: As in `coming_demand.Coming`.
        paid: Whether the current price is only known from what was paid last.
        days_left: Until the product is sold no more, infinite where nobody says when.
        traits: By which prices belong together.
    """

    shelf: Shelf
    pair: Ints
    retail: Flags
    stock: Floats
    rival: Floats
    promo: Floats
    paid: Flags
    days_left: Floats
    traits: Traits


def shelf_of(
    states: Sequence[StoreState], pairs: Pairs, slopes: Elasticities, consumer_prices: float
) -> StandingShelf | None:
    """Return the prices of some stores of one currency; None where there is no price.

    Args:
        pairs: Those of the weeks up to now.
        slopes: Of these pairs.
        consumer_prices: Rise of consumer prices over the last year, a share.
    """
    every = [(number, state, one) for number, state in enumerate(states) for one in state.standings]
    if not every:
        return None
    codes = _Codes(), _Codes(), _Codes()
    parts: dict[str, list[Any]] = {
        name: [] for name in (*_FIELDS, "product", "store", "category", "price_list", "parent", "tax", "stock", "rival",
                              "paid", "days_left", "retail", "pair")
    }  # fmt: skip
    products, categories, lists = codes
    for number, state, one in every:
        rows = one.row.tolist()
        names = [one.goods.names[row] for row in rows]
        retail = one.price_list == state.retail
        parts["product"].append([products.of(name) for name in names])
        parts["category"].append([categories.of(one.goods.category[row]) for row in rows])
        parts["parent"].append([products.of(up) if (up := one.goods.parent[row]) else NO_PARENT for row in rows])
        parts["store"].append([number] * len(rows))
        parts["price_list"].append([lists.of(one.price_list)] * len(rows))
        parts["retail"].append([retail] * len(rows))
        parts["pair"].append([pairs.get((name, state.store.store), -1) if retail else -1 for name in names])
        parts["tax"].append(one.goods.tax[one.row])
        for name in (*_FIELDS, "stock", "rival", "paid", "days_left"):
            parts[name].append(getattr(one, name))
    whole: dict[str, Any] = {name: np.concatenate([np.asarray(one) for one in part]) for name, part in parts.items()}
    pair = whole["pair"].astype(np.int64)
    known = np.array([word != "none" for word in slopes.support] + [False], np.bool_)
    places = ("product", "store", "category", "price_list", "parent")
    held: dict[str, Any] = {name: whole[name].astype(np.int64) for name in places}
    held |= {name: whole[name].astype(np.float64) for name in (*_FIELDS, "tax")}
    held |= {"announced": whole["announced"].astype(np.bool_), "year_ago": whole["year_ago"] * (1 + consumer_prices)}
    shelf = Shelf(
        **held, key_value=np.zeros(len(pair), np.bool_), opinion=known[pair], products=products.names, stores=tuple(
            state.store.store for state in states
        ), categories=categories.names, price_lists=lists.names,
        currency=tuple(state.store.currency for state in states),
    )  # fmt: skip
    return StandingShelf(
        shelf, pair, whole["retail"].astype(np.bool_), whole["stock"].astype(np.float64),
        whole["rival"].astype(np.float64), whole["announced"].astype(np.float64), whole["paid"].astype(np.bool_),
        whole["days_left"].astype(np.float64), _traits(states, products.names),
    )  # fmt: skip


def _traits(states: Sequence[StoreState], products: Sequence[str]) -> Traits:
    """Return what the catalogue says of products; of a product of several stores the first one that says something."""
    brand: dict[str, str] = {}
    attributes: dict[str, dict[str, object]] = {}
    for goods in (one.goods for state in states for one in state.standings):
        for name, its, text in zip(goods.names, goods.brand, goods.attributes, strict=True):
            brand[name] = brand.get(name) or its
            if text and not attributes.get(name):
                attributes[name] = _read(text)
    return Traits(
        brand=tuple(brand.get(name, "") for name in products),
        attributes=tuple(attributes.get(name, {}) for name in products),
        legal_entity=tuple(state.store.legal_entity or "" for state in states),
    )  # fmt: skip


def _read(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError:
        return {}


def with_freezes(policy: PricePolicy, stores: Sequence[Store]) -> PricePolicy:
    """Return the policy with the freezes of the stores' calendars, in which prices are held."""
    frozen = tuple(
        Period(name=f"{one.name} of {store.store}", where=Where(stores=(store.store,)), starts=one.first, ends=one.last)
        for store in stores
        for one in read_calendar(store.calendar).periods
        if one.name.split()[0] == "freeze"
    )
    return msgspec.structs.replace(policy, calendar=(*policy.calendar, *frozen))


class _Codes:
    """Numbers names in the order they come."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}

    def of(self, name: str) -> int:
        return self._place.setdefault(name, len(self._place))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._place)
