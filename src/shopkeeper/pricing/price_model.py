"""What is learnt of demand: what sells at usual prices and how it answers to others, as plain arrays of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError, UnknownModel
from shopkeeper.pricing.demand.controls import log_prices
from shopkeeper.pricing.demand.demand_level import FARTHEST, YEAR_DAYS, fit_level
from shopkeeper.pricing.demand.elasticity import BOUND, CategorySlope, Elasticities, estimate
from shopkeeper.pricing.demand.lasting import interval
from shopkeeper.pricing.demand.level_accuracy import seasonal_naive
from shopkeeper.pricing.demand.promotions import promotion_effects
from shopkeeper.pricing.demand.shrinkage import Spreads
from shopkeeper.pricing.demand.support import Support
from shopkeeper.pricing.demand.truncated import moments_below
from shopkeeper.pricing.house.history import History
from shopkeeper.pricing.shelf import Floats, Ints
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

ELASTIC: Final = "elasticity"
NAIVE: Final = "seasonal-naive"
PLACES: Final = round(YEAR_DAYS / 7)
DEFAULTS: Final[Mapping[str, int]] = {"history_weeks": 156}
_SUPPORT: Final[tuple[Support, ...]] = ("none", "category", "own")
_TEXTS: Final = ("products", "stores", "categories")
_OF_PAIR: Final = (
    "raw",
    "raw_error",
    "free",
    "free_sd",
    "slope",
    "sd",
    "low",
    "high",
    "evidence",
    "weight",
    "promo_cut",
)
_OF_CATEGORY: Final = tuple(one.name for one in fields(CategorySlope) if one.name not in {"stores", "store_sd"})

Array = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class PriceModel:
    """Demand of all pairs of a history.

    Attributes:
        name: `elasticity`, or `seasonal-naive`, which knows no answer to price.
        parameters: What it was fitted with.
        product, store, category: Index of each pair's product, store and category, shape (pairs,).
        usual: Units of a full week at the reference price without promotion, of the first week after the history and
            those that follow, a year round; shape (pairs, places).
        reference: Price without tax that they hold at, NaN where unknown.
        promo: Effect of a promotion beyond its price, log units.
        slopes: Answers to price; None in a model that knows none.
        week: Number of the last week of the history.
        products, stores, categories: Names behind the indices.
    """

    name: str
    parameters: Mapping[str, Any]
    product: Ints
    store: Ints
    category: Ints
    usual: Floats
    reference: Floats
    promo: Floats
    slopes: Elasticities | None
    week: int
    products: tuple[str, ...]
    stores: tuple[str, ...]
    categories: tuple[str, ...]

    def pairs_of(self, history: History) -> Ints:
        """Return the pair of this model for each pair of a history, -1 where it knows none."""
        mine = _keys(self.products, self.stores, self.product, self.store)
        theirs = _keys(history.products, history.stores, history.product, history.store)
        place = {key: row for row, key in enumerate(mine)}
        return np.array([place.get(key, -1) for key in theirs], np.int64)

    def expected(self, pair: Ints, week: Ints, price: Floats, promo: Floats) -> Floats:
        """Return units expected of full weeks, nought of a pair that is not known; all of shape (n,).

        Args:
            pair: Pair of this model, -1 = none.
            week: Number of the week.
            price: Without tax.
        """
        units = self.usual[pair, np.maximum(week - self.week - 1, 0) % self.usual.shape[1]]
        if self.slopes is not None:
            known = np.isfinite(self.reference[pair]) & (price > 0)
            lean = np.log(np.where(known, price / self.reference[pair], 1.0))
            units = units * np.exp(np.clip(self.slopes.slope[pair] * lean, -FARTHEST, FARTHEST))
            units = units * np.exp(self.promo[pair] * np.nan_to_num(promo))
        return np.where(pair >= 0, units, 0.0)

    def arrays(self) -> dict[str, Array]:
        """Return everything as plain arrays."""
        found: dict[str, Array] = {
            "product": self.product, "store": self.store, "category": self.category,
            "usual": self.usual.astype(np.float32), "reference": self.reference, "promo": self.promo,
            "week": np.array([self.week], np.int64),
        }  # fmt: skip
        for name in _TEXTS:
            found |= pack_texts(name, getattr(self, name))
        return found if self.slopes is None else found | _slope_arrays(self.slopes, len(self.stores))


def fit_model(name: str, history: History, parameters: Mapping[str, Any]) -> PriceModel:
    """Learn demand from a history.

    Raises:
        UnknownModel: there is no such model.
        InputError: a parameter nobody knows.
        NotEnoughData: too short a history, or no price in it ever moved.
    """
    if name not in {ELASTIC, NAIVE}:
        raise UnknownModel(f"pricing has no model {name!r}.", f"The models are: {ELASTIC}, {NAIVE}.")
    if unknown := sorted(set(parameters) - set(DEFAULTS)):
        raise InputError(f"{name} has no parameter {unknown[0]!r}.", f"It has: {', '.join(DEFAULTS)}.")
    used = {**DEFAULTS, **parameters}
    history = history.of_weeks(int(used["history_weeks"]))
    panel = history.panel()
    week = int(history.week.max())
    nothing = np.zeros(panel.pairs)
    if name == NAIVE:
        usual, reference, promo, slopes = seasonal_naive(panel, PLACES), nothing + 1.0, nothing, None
    else:
        slopes = estimate(panel)
        prices = log_prices(panel, panel.counted())
        promo = promotion_effects(panel, slopes.slope, prices, np.zeros(prices.shape))
        level = fit_level(panel, slopes.slope, promo)
        usual, reference = level.expected(PLACES), level.reference
    return PriceModel(
        name, used, panel.product.astype(np.int64), panel.store.astype(np.int64), panel.category.astype(np.int64),
        np.nan_to_num(usual).astype(np.float32).astype(np.float64), reference, promo, slopes, week, history.products,
        history.stores, history.categories,
    )  # fmt: skip


def model_of(name: str, parameters: Mapping[str, Any], arrays: Mapping[str, Array]) -> PriceModel:
    """Return the model that `PriceModel.arrays` made plain."""
    held: dict[str, Any] = {one: np.asarray(arrays[one], np.int64) for one in ("product", "store", "category")}
    held |= {one: np.asarray(arrays[one], np.float64) for one in ("usual", "reference", "promo")}
    held |= {one: tuple(unpack_texts(one, arrays)) for one in _TEXTS}
    slopes = _slopes(arrays) if "slopes.slope" in arrays else None
    return PriceModel(name=name, parameters=dict(parameters), slopes=slopes, week=int(arrays["week"][0]), **held)


def slopes_for(model: PriceModel, history: History) -> Elasticities:
    """Return the model's slopes in the order of a history's pairs.

    A pair it never met has its category's slope in its store where that has an opinion; else nobody knows.

    Raises:
        UnknownModel: the model knows no answer to price.
    """
    if model.slopes is None:
        raise UnknownModel(
            f"{model.name} knows no answer to price.", "Train one that does: `shopkeeper train pricing`."
        )
    slopes, at = model.slopes, model.pairs_of(history)
    met = at >= 0
    paths = {name: place for place, name in enumerate(model.categories)}
    shops = {name: place for place, name in enumerate(model.stores)}
    category = [paths.get(name, -1) for name in history.categories]
    store = [shops.get(name, -1) for name in history.stores]
    arrays: dict[str, Any] = {name: np.array(getattr(slopes, name)[at], np.float64) for name in _OF_PAIR}
    support = [slopes.support[row] for row in at.tolist()]
    arrays["raw_error"][~met] = np.inf
    for name in ("evidence", "raw", "weight", "promo_cut"):
        arrays[name][~met] = 0.0
    for row in np.flatnonzero(~met).tolist():
        known = slopes.categories.get(category[history.category[row]])
        free, sd = slopes.prior
        if known is not None:
            shop = store[history.store[row]]
            free = known.stores.get(shop, known.slope)
            sd = known.store_sd.get(shop, max(known.store_sd.values()))
        arrays["free"][row], arrays["free_sd"][row] = free, sd
        support[row] = "category" if known is not None and known.opinion else "none"
    new = np.flatnonzero(~met)
    alone = arrays["free"][new], arrays["free_sd"][new]
    arrays["slope"][new], arrays["sd"][new] = moments_below(*alone, BOUND)
    arrays["low"][new], arrays["high"][new] = interval(*alone, slopes.ends, BOUND)
    by_path = {paths[name]: place for place, name in enumerate(history.categories) if name in paths}
    categories = {by_path[number]: one for number, one in slopes.categories.items() if number in by_path}
    return replace(slopes, **arrays, support=tuple(support), categories=categories)


def _keys(products: tuple[str, ...], stores: tuple[str, ...], product: Array, store: Array) -> list[tuple[str, str]]:
    return [(products[p], stores[s]) for p, s in zip(product.tolist(), store.tolist(), strict=True)]


def _slope_arrays(slopes: Elasticities, stores: int) -> dict[str, Array]:
    numbers = sorted(slopes.categories)
    found: dict[str, Array] = {f"slopes.{name}": getattr(slopes, name) for name in _OF_PAIR}
    found["slopes.support"] = np.array([_SUPPORT.index(word) for word in slopes.support], np.int8)
    spreads = slopes.spreads
    common = (spreads.pair, spreads.product, spreads.store, float(spreads.relative), *slopes.prior)
    found["slopes.common"] = np.array(common, np.float64)
    found["slopes.ends"] = np.array(slopes.ends, np.float64)
    found["slopes.numbers"] = np.array(numbers, np.int64)
    for name in _OF_CATEGORY:
        found[f"category.{name}"] = np.array([getattr(slopes.categories[one], name) for one in numbers], np.float64)
    for name in ("stores", "store_sd"):
        table = np.full((len(numbers), stores), np.nan)
        for row, number in enumerate(numbers):
            for store, value in getattr(slopes.categories[number], name).items():
                table[row, store] = value
        found[f"category.{name}"] = table
    return found


def _slopes(arrays: Mapping[str, Array]) -> Elasticities:
    pair, product, store, relative, mean, sd = np.asarray(arrays["slopes.common"], np.float64).tolist()
    first, last = np.asarray(arrays.get("slopes.ends", np.zeros(2)), np.float64).tolist()  # older models have none
    tables = {name: np.asarray(arrays[f"category.{name}"], np.float64) for name in ("stores", "store_sd")}
    categories = {}
    for row, number in enumerate(np.asarray(arrays["slopes.numbers"]).tolist()):
        said: dict[str, Any] = {name: float(arrays[f"category.{name}"][row]) for name in _OF_CATEGORY}
        said["opinion"] = bool(said["opinion"])
        for name, table in tables.items():
            sold = np.flatnonzero(np.isfinite(table[row])).tolist()
            said[name] = {store: float(table[row, store]) for store in sold}
        categories[int(number)] = CategorySlope(**said)
    return Elasticities(
        **{name: np.asarray(arrays[f"slopes.{name}"], np.float64) for name in _OF_PAIR},
        support=tuple(_SUPPORT[place] for place in np.asarray(arrays["slopes.support"]).tolist()),
        categories=categories, spreads=Spreads(pair, product, store, bool(relative)), prior=(mean, sd),
        ends=(first, last),
    )  # fmt: skip
