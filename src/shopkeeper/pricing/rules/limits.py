"""The rules of a policy for every price: each rule one array, and the scope it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec import UNSET

from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.pricing.policy.price_policy import EVERYTHING, CompetitorBand, CostFeed, PricePolicy, Rules, lies_under
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.shelf import NO_PARENT, Flags, Floats, Ints, Shelf

_NUMBERS: Final = (
    "over_cost", "margin_floor", "margin_target", "daily_move", "weekly_move", "days_between_changes",
    "minimum_advertised", "prior_price_days", "inflation",
)  # fmt: skip
_NO_BAND: Final = CompetitorBand(fresh_days=0.0)
EVERYWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for every price.

    Attributes:
        number: Name of a rule -> its figure for every price, NaN where there is no such rule, shape (pairs,).
        band: Field of the competitor band -> its figure, as `number`; `credible_low` and `credible_high` its range.
        cost: The same for the cost feed.
        exploration: The same for trying prices out, NaN where nothing is tried.
        scope: Name of a rule -> index of the scope it came from, -1 = it holds everywhere.
        names: Of the scopes.
    """

    number: dict[str, Floats]
    band: dict[str, Floats]
    cost: dict[str, Floats]
    exploration: dict[str, Floats]
    scope: dict[str, Ints]
    names: tuple[str, ...]

    def of_prices(self, rows: Ints) -> Limits:
        """Return what holds for some prices, in their order."""
        number, band, cost, exploration = (
            {name: part[rows] for name, part in held.items()}
            for held in (self.number, self.band, self.cost, self.exploration)
        )
        return Limits(
            number, band, cost, exploration, {name: part[rows] for name, part in self.scope.items()}, self.names
        )

    def whose(self, rule: str, pair: int) -> str:
        """Return the name of the scope a rule of a price came from, empty where it holds everywhere."""
        place = int(self.scope[rule][pair]) if rule in self.scope else EVERYWHERE
        return "" if place == EVERYWHERE else self.names[place]


def limits_of(policy: PricePolicy, shelf: Shelf) -> Limits:
    """Return the rules of every price: of several scopes that cover it, the later one wins, rule by rule."""
    shape = shelf.pairs
    names = (*_NUMBERS, "competitor", "cost", "exploration")
    limits = Limits(
        {name: np.full(shape, np.nan) for name in _NUMBERS},
        {name: np.full(shape, np.nan) for name in _parts_of(_NO_BAND)},
        {name: np.full(shape, np.nan) for name in _parts_of(CostFeed())},
        {name: np.full(shape, np.nan) for name in Exploration.__struct_fields__},
        {name: np.full(shape, EVERYWHERE) for name in names},
        tuple(scope.name for scope in policy.scopes),
    )
    _put(limits, policy.rules.over(EVERYTHING), np.ones(shape, np.bool_), EVERYWHERE)
    for place, scope in enumerate(policy.scopes):
        _put(limits, scope.rules, covered(scope.where, shelf), place)
    return limits


def _put(limits: Limits, rules: Rules, where: Flags, place: int) -> None:
    for name in _NUMBERS:
        if (value := getattr(rules, name)) is not UNSET:
            limits.number[name][where] = np.nan if value is None else float(value)
            limits.scope[name][where] = place
    if rules.competitor is not UNSET:
        _fill(limits.band, _parts_of(rules.competitor or _NO_BAND), where)
        limits.scope["competitor"][where] = place
    if isinstance(rules.cost, CostFeed):
        _fill(limits.cost, _parts_of(rules.cost), where)
        limits.scope["cost"][where] = place
    if rules.exploration is not UNSET:
        for name in Exploration.__struct_fields__:
            value = getattr(rules.exploration, name, np.nan)
            limits.exploration[name][where] = value
        limits.scope["exploration"][where] = place


def _fill(arrays: dict[str, Floats], values: dict[str, float], where: Flags) -> None:
    for name, value in values.items():
        arrays[name][where] = value


def _parts_of(rule: CompetitorBand | CostFeed) -> dict[str, float]:
    low, high = rule.credible
    parts: dict[str, float] = {"fresh_days": rule.fresh_days, "credible_low": low, "credible_high": high}
    if isinstance(rule, CompetitorBand):
        for name in ("lowest", "highest", "over_lowest"):
            value = getattr(rule, name)
            parts[name] = np.nan if value is None else value
    return parts


def covered(where: Where, shelf: Shelf) -> Flags:
    """Return which prices a policy means, shape (pairs,)."""
    meant = np.ones(shelf.pairs, np.bool_)
    if where.stores:
        meant &= _one_of(shelf.store, shelf.stores, where.stores)
    if where.price_lists:
        meant &= _one_of(shelf.price_list, shelf.price_lists, where.price_lists)
    if where.categories:
        meant &= under(shelf, where.categories)
    if where.products:
        meant &= is_named(shelf, where.products)
    if where.key_value is not None:
        meant &= shelf.key_value == where.key_value
    return meant


def is_named(shelf: Shelf, products: Iterable[str]) -> Flags:
    """Return which prices are of one of some products, or of a variant of one."""
    wanted = set(products)
    named = np.array([name in wanted for name in shelf.products], np.bool_)
    return np.asarray(named[shelf.product] | (named[shelf.parent] & (shelf.parent != NO_PARENT)))


def under(shelf: Shelf, paths: Iterable[str]) -> Flags:
    """Return which prices are of a category that is one of some paths or lies under one."""
    paths = tuple(paths)
    held = [any(lies_under(name, path) for path in paths) for name in shelf.categories]
    return np.array(held, np.bool_)[shelf.category]


def _one_of(index: Ints, names: tuple[str, ...], wanted: tuple[str, ...]) -> Flags:
    return np.array([name in wanted for name in names], np.bool_)[index]
