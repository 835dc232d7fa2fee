"""The oracle: best prices for the coming week to who knows true mean demand, under the limits every policy has.

Each store's revenue is raised subject to its margin: with a multiplier `lam` of the store, each pair takes the
candidate with the largest `revenue + lam * ((1 - margin) * revenue - cost)`, what the move does to the rest of its
category included; `lam` is found by bisection. Prices that lean on each other are found in rounds, half of the pairs at
a time, and what the rounds leave of the margin is corrected by the true joint means.

It knows how rivals answer on average and which promotions are planned, not the luck of the week. Like everybody it must
hold the margin of a week with a given chance, so it keeps the distance from the target that the week's luck asks for.
It looks one week ahead, except that what ends with a season is shared out over the weeks left: a policy that looks
farther may beat it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from shopkeeper.simulation.prices.demand import sold_of
from shopkeeper.simulation.prices.limits import paid
from shopkeeper.simulation.prices.market import Foresight, Market
from shopkeeper.simulation.prices.ports import Choice, Flags, Floats, Integers, Offer, Seen

ROUNDS: Final = 6
BISECTIONS: Final = 40
LARGEST: Final = 1e3
"""Multiplier at which only the margin counts."""
CHANCE: Final = 0.95
"""With which a week's margin is to be above the target less the allowance."""
ALLOWANCE: Final = 0.002
CORRECTION: Final = 0.05
"""Most that what the rounds leave of the margin changes the aim in one of them."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Worth of each candidate, what it does to the rest of its category included; shape (pairs, candidates)."""

    revenue: Floats
    cost: Floats
    allowed: Flags


class Oracle:
    """Sets prices by the truth."""

    def decide(self, seen: Seen, offer: Offer, truth: Foresight) -> Choice:
        """Return the best allowed prices of the coming week."""
        shelf, rows = seen.shelf, np.arange(seen.shelf.pairs)
        shown = paid(offer.price, truth.depth[:, None], truth.moment.cost[:, None], shelf.step[:, None])
        place = _nearest_place(offer, seen.regular[-1])
        goal = seen.target + _distance(truth, shown[rows, place], shelf.store, seen.target)
        aim = goal.copy()
        for turn in range(ROUNDS):
            moving = (shelf.product + turn) % 2 == 0
            table = _table(truth, shown[rows, place], shown, _movable(offer, place, moving))
            place = _chosen(table, aim, shelf.store)
            short = goal - _margin(truth, shown[rows, place], shelf.store)
            aim = aim + np.clip(short, -CORRECTION, CORRECTION)
        price = offer.price[rows, place]
        return Choice(price, price)


def play_oracle(start: Market, weeks: int, target: Floats) -> Market:
    """Let the oracle set the prices of some weeks; `start` stays as it is."""
    market, oracle = start.copy(), Oracle()
    for _ in range(weeks):
        offer = market.offer()
        market.set_prices(oracle.decide(market.seen(target), offer, market.foresight()), offer)
    return market


def _nearest_place(offer: Offer, price: Floats) -> Integers:
    distance = np.where(offer.allowed, np.abs(offer.price - price[:, None]), np.inf)
    return np.asarray(distance.argmin(axis=1), dtype=np.int64)


def _movable(offer: Offer, place: Integers, moving: Flags) -> Flags:
    """Return the candidates of a round: all of those that move, the present one of the others."""
    present = np.zeros_like(offer.allowed)
    present[np.arange(len(place)), place] = True
    return np.where(moving[:, None], offer.allowed, present)


def _sold(truth: Foresight, units: Floats) -> Floats:
    """Return the units of a week that stock allows; what ends with a season is shared out over the weeks left."""
    wide = (slice(None),) + (None,) * (units.ndim - 1)
    left, stock = truth.weeks_left[wide], truth.available[wide].astype(np.float64)
    ending = np.isfinite(left)
    shared = np.minimum(units, stock / np.where(ending, left, 1.0))
    deviation = np.sqrt(units + (truth.spread * units) ** 2)
    return np.where(ending, shared, sold_of(units, deviation, stock))


def _table(truth: Foresight, now: Floats, shown: Floats, allowed: Flags) -> _Table:
    answer = truth.demand.response(truth.moment, now, shown)
    units = _sold(truth, answer.units)
    revenue = units * shown + answer.other_revenue
    return _Table(revenue, units * truth.moment.cost[:, None] + answer.other_cost, allowed)


def _chosen(table: _Table, aim: Floats, store: Integers) -> Integers:
    """Return each pair's best candidate at the least multiplier that holds the aim; the largest where none does."""
    low, high = np.zeros(len(aim)), np.full(len(aim), LARGEST)
    surplus = (1 - aim)[store][:, None] * table.revenue - table.cost
    rows = np.arange(len(store))

    def best(multiplier: Floats) -> Integers:
        worth = np.where(table.allowed, table.revenue + multiplier[store][:, None] * surplus, -np.inf)
        return np.asarray(worth.argmax(axis=1))

    place = best(low)
    held = np.bincount(store, surplus[rows, place]) >= 0
    high = np.where(held, 0.0, high)
    for _ in range(BISECTIONS):
        # Multipliers span five orders of magnitude: halve the logarithm of 1 + lam.
        middle = np.expm1((np.log1p(low) + np.log1p(high)) / 2)
        enough = np.bincount(store, surplus[rows, best(middle)]) >= 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return best(high)


def _margin(truth: Foresight, now: Floats, store: Integers) -> Floats:
    """Return the mean margin of each store at joint prices."""
    units = _sold(truth, truth.demand.mean(truth.moment, now))
    return np.asarray(1 - np.bincount(store, units * truth.moment.cost) / np.bincount(store, units * now))


def _distance(truth: Foresight, now: Floats, store: Integers, target: Floats) -> Floats:
    """Return how far above its target a store's mean margin must be to hold it in a week with the chance asked for."""
    units = _sold(truth, truth.demand.mean(truth.moment, now))
    surplus = (now * (1 - target[store]) - truth.moment.cost) * units
    own = np.bincount(store, surplus**2 * (1 / np.maximum(units, 1e-9) + truth.spread**2))
    revenue = np.bincount(store, units * now)
    return np.asarray(np.maximum(0, ndtri(CHANCE) * np.sqrt(own) / revenue - ALLOWANCE))
